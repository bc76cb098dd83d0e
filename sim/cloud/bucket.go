package cloud

import (
	"encoding/json"
	"net/netip"
	"regexp"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// Bucket is aws:s3/bucketV2:BucketV2 without its deprecated inline settings.
type Bucket struct {
	ID           string `json:"id"` // its name
	Bucket       string `json:"bucket"`
	ForceDestroy bool   `json:"forceDestroy,omitempty"`
	Tagged
	bucketComputed
}

type bucketComputed struct {
	ARN                      string `json:"arn"`
	BucketDomainName         string `json:"bucketDomainName"`
	BucketRegionalDomainName string `json:"bucketRegionalDomainName"`
	Region                   string `json:"region"`
}

var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)

// CreateBucket makes a bucket; names are unique in all of AWS.
func (a *Account) CreateBucket(b *Bucket) error {
	return a.change(func(m *model) error {
		_, isAddress := netip.ParseAddr(b.Bucket)
		if !bucketName.MatchString(b.Bucket) || isAddress == nil || strings.Contains(b.Bucket, "..") ||
			strings.HasPrefix(b.Bucket, "xn--") || strings.HasSuffix(b.Bucket, "-s3alias") {
			return refuse("InvalidBucketName", "The specified bucket is not valid.")
		}
		if m.Buckets[b.Bucket] != nil {
			return refuseStatus(409, "BucketAlreadyOwnedByYou", "Your previous request to create the named bucket succeeded and you already own it.")
		}
		if err := b.settle(); err != nil {
			return err
		}
		b.ID = b.Bucket
		b.bucketComputed = bucketComputed{
			ARN: "arn:aws:s3:::" + b.ID, Region: a.opts.Region,
			BucketDomainName:         b.ID + ".s3.amazonaws.com",
			BucketRegionalDomainName: b.ID + ".s3." + a.opts.Region + ".amazonaws.com",
		}
		m.Buckets[b.ID] = b
		return nil
	})
}

// Bucket returns one bucket.
func (a *Account) Bucket(name string) (*Bucket, error) { return buckets.lookup(a, name) }

// UpdateBucket changes tags and whether a delete may take contents along.
func (a *Account) UpdateBucket(name string, b *Bucket) error {
	return buckets.update(a, name, b, func(_ *model, cur *Bucket) error {
		b.ID, b.bucketComputed = name, cur.bucketComputed
		return b.settle()
	})
}

// DeleteBucket refuses a bucket with contents unless it is marked for it.
func (a *Account) DeleteBucket(name string) error {
	return buckets.remove(a, name, func(m *model, b *Bucket) error {
		for key, o := range m.Objects {
			if o.Bucket != name {
				continue
			}
			if !b.ForceDestroy {
				return refuseStatus(409, "BucketNotEmpty", "The bucket you tried to delete is not empty")
			}
			delete(m.Objects, key)
			a.dropContent(o)
		}
		for key := range m.BucketSettings {
			if strings.HasSuffix(key, "/"+name) {
				delete(m.BucketSettings, key)
			}
		}
		return nil
	})
}

// BucketSetting is a sub-resource of a bucket, such as its policy. A Put
// replaces it; nothing ever clashes.
type BucketSetting interface {
	// Of is the kind of setting and the bucket it is for.
	Of() (kind, bucket string)
	// Check refuses what S3 refuses.
	Check() error
}

// PutBucketSetting sets a sub-resource.
func (a *Account) PutBucketSetting(s BucketSetting) error {
	return a.change(func(m *model) error {
		kind, bucket := s.Of()
		if _, err := buckets.get(m, bucket); err != nil {
			return refuseStatus(404, "NoSuchBucket", "The specified bucket does not exist")
		}
		if err := s.Check(); err != nil {
			return err
		}
		raw, err := json.Marshal(s)
		if err != nil {
			return err
		}
		m.BucketSettings[kind+"/"+bucket] = (*json.RawMessage)(&raw)
		return nil
	})
}

// BucketSetting reads a sub-resource into s, found by s's kind and bucket.
func (a *Account) BucketSetting(s BucketSetting) error {
	return a.view(func(m *model) error {
		kind, bucket := s.Of()
		raw := m.BucketSettings[kind+"/"+bucket]
		if raw == nil {
			return refuseStatus(404, "NoSuchConfiguration", "bucket %s has no %s", bucket, kind)
		}
		return json.Unmarshal(*raw, s)
	})
}

// DeleteBucketSetting resets a sub-resource.
func (a *Account) DeleteBucketSetting(s BucketSetting) error {
	return a.change(func(m *model) error {
		kind, bucket := s.Of()
		delete(m.BucketSettings, kind+"/"+bucket)
		return nil
	})
}

// BucketVersioning is aws:s3/bucketVersioningV2:BucketVersioningV2.
type BucketVersioning struct {
	ID                      string `json:"id"`
	Bucket                  string `json:"bucket"`
	VersioningConfiguration struct {
		Status string `json:"status"`
	} `json:"versioningConfiguration"`
}

// Of is the setting's kind and bucket.
func (s *BucketVersioning) Of() (string, string) { return "versioning", s.Bucket }

// Check refuses an unknown status.
func (s *BucketVersioning) Check() error {
	s.ID = s.Bucket
	if status := s.VersioningConfiguration.Status; status != "Enabled" && status != "Suspended" {
		return refuse("MalformedXML", "The versioning status %q is not valid", status)
	}
	return nil
}

// BucketEncryption is
// aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2.
type BucketEncryption struct {
	ID     string           `json:"id"`
	Bucket string           `json:"bucket"`
	Rules  []EncryptionRule `json:"rules"`
}

// EncryptionRule says how new objects are encrypted.
type EncryptionRule struct {
	ApplyServerSideEncryptionByDefault struct {
		SSEAlgorithm   string `json:"sseAlgorithm"`
		KMSMasterKeyID string `json:"kmsMasterKeyId,omitempty"`
	} `json:"applyServerSideEncryptionByDefault"`
	BucketKeyEnabled bool `json:"bucketKeyEnabled,omitempty"`
}

// Of is the setting's kind and bucket.
func (s *BucketEncryption) Of() (string, string) { return "encryption", s.Bucket }

// Check refuses an unknown algorithm, and a key with one that takes none.
func (s *BucketEncryption) Check() error {
	s.ID = s.Bucket
	for _, r := range s.Rules {
		d := r.ApplyServerSideEncryptionByDefault
		if d.SSEAlgorithm != "AES256" && d.SSEAlgorithm != "aws:kms" || d.SSEAlgorithm == "AES256" && d.KMSMasterKeyID != "" {
			return refuse("InvalidArgument", "The encryption method %q is not supported with this key", d.SSEAlgorithm)
		}
	}
	return nil
}

// PublicAccessBlock is aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock.
type PublicAccessBlock struct {
	ID                    string `json:"id"`
	Bucket                string `json:"bucket"`
	BlockPublicACLs       bool   `json:"blockPublicAcls,omitempty"`
	BlockPublicPolicy     bool   `json:"blockPublicPolicy,omitempty"`
	IgnorePublicACLs      bool   `json:"ignorePublicAcls,omitempty"`
	RestrictPublicBuckets bool   `json:"restrictPublicBuckets,omitempty"`
}

// Of is the setting's kind and bucket.
func (s *PublicAccessBlock) Of() (string, string) { return "publicAccessBlock", s.Bucket }

// Check accepts every combination.
func (s *PublicAccessBlock) Check() error { s.ID = s.Bucket; return nil }

// BucketPolicy is aws:s3/bucketPolicy:BucketPolicy.
type BucketPolicy struct {
	ID     string `json:"id"`
	Bucket string `json:"bucket"`
	Policy string `json:"policy"`
}

// Of is the setting's kind and bucket.
func (s *BucketPolicy) Of() (string, string) { return "policy", s.Bucket }

// Check refuses a malformed policy and one that speaks of another bucket.
func (s *BucketPolicy) Check() error {
	s.ID = s.Bucket
	d, err := iam.Parse(s.Policy, iam.Resource)
	if err != nil {
		return refuse("MalformedPolicy", "%s", err)
	}
	own := "arn:aws:s3:::" + s.Bucket
	for _, statement := range d.Statement {
		for _, r := range statement.Resource {
			if r != own && !strings.HasPrefix(r, own+"/") {
				return refuse("MalformedPolicy", "Policy has invalid resource")
			}
		}
	}
	return nil
}
