package cloud

import "encoding/json"

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
	if len(s.Rules) == 0 {
		return refuse("MalformedXML", "The encryption configuration needs a rule")
	}
	for _, r := range s.Rules {
		d := r.ApplyServerSideEncryptionByDefault
		if d.SSEAlgorithm != "AES256" && d.SSEAlgorithm != "aws:kms" || d.SSEAlgorithm == "AES256" && d.KMSMasterKeyID != "" {
			return refuse("InvalidArgument", "The encryption method %q is not supported with this key", d.SSEAlgorithm)
		}
	}
	return nil
}

// keyOfBucket is the KMS key that new objects of a bucket are encrypted with, or
// "" where it is S3's own.
func (m *model) keyOfBucket(bucket string) string {
	var s BucketEncryption
	raw := m.BucketSettings["encryption/"+bucket]
	if raw == nil || json.Unmarshal(*raw, &s) != nil || len(s.Rules) == 0 {
		return ""
	}
	return s.Rules[0].ApplyServerSideEncryptionByDefault.KMSMasterKeyID
}

// KeyOfBucket is the KMS key that new objects of a bucket are encrypted with, or
// "" where it is S3's own.
func (a *Account) KeyOfBucket(bucket string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.m.keyOfBucket(bucket)
}
