package cloud

import "encoding/json"

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
		if p, ok := s.(*BucketPolicy); ok && p.public() {
			if err := m.allowsPublicPolicy(bucket); err != nil {
				return err
			}
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
