package cloud

import (
	"net/netip"
	"regexp"
	"slices"
	"strings"
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

// Names that S3 keeps for itself begin or end with one of these.
var (
	keptPrefixes = []string{"xn--", "sthree-", "amzn-s3-demo-"}
	keptSuffixes = []string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"}
)

func validBucketName(name string) bool {
	_, notAddress := netip.ParseAddr(name)
	return bucketName.MatchString(name) && notAddress != nil && !strings.Contains(name, "..") &&
		!slices.ContainsFunc(keptPrefixes, func(p string) bool { return strings.HasPrefix(name, p) }) &&
		!slices.ContainsFunc(keptSuffixes, func(p string) bool { return strings.HasSuffix(name, p) })
}

// CreateBucket makes a bucket; names are unique in all of AWS.
func (a *Account) CreateBucket(b *Bucket) error {
	return a.change(func(m *model) error {
		if !validBucketName(b.Bucket) {
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
		m.Buckets.keep(b.ID, b)
		return nil
	})
}

// Bucket returns one bucket.
func (a *Account) Bucket(name string) (*Bucket, error) { return buckets.lookup(a, name) }

// UpdateBucket changes tags and whether a delete may take contents along.
func (a *Account) UpdateBucket(name string, b *Bucket) error {
	return buckets.update(a, name, b, func(_ *model, cur *Bucket) error {
		b.ID, b.Bucket, b.bucketComputed = name, cur.Bucket, cur.bucketComputed
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
