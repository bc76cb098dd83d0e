package cloud

import (
	"crypto/md5" // S3's own choice for an entity tag
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Object is aws:s3/bucketObjectv2:BucketObjectv2.
type Object struct {
	ID          string            `json:"id"` // its key
	Bucket      string            `json:"bucket"`
	Key         string            `json:"key"`
	ContentType string            `json:"contentType"`
	SourceHash  string            `json:"sourceHash,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
	Tagged
	objectComputed
}

type objectComputed struct {
	ARN                  string    `json:"arn"`
	ETag                 string    `json:"etag"`
	ServerSideEncryption string    `json:"serverSideEncryption"`
	StorageClass         string    `json:"storageClass"`
	Modified             time.Time `json:"modified"`
	Size                 int64     `json:"size"`          // bytes
	KMSKey               string    `json:"encryptionKey"` // the KMS key that the bucket names, or ""
}

// Condition refuses a write for what is there; nil is nothing.
type Condition func(there *Object) error

// PutObject writes an object, over an earlier one of the same key.
func (a *Account) PutObject(o *Object, content io.Reader) error {
	return a.PutObjectIf(o, content, nil)
}

// PutObjectIf writes one if what is there allows it. Of two that write at once on the
// condition that nothing is there, one does.
func (a *Account) PutObjectIf(o *Object, content io.Reader, met Condition) error {
	if err := o.check(); err != nil {
		return err
	}
	file, etag, size, err := a.receive(content)
	if err != nil {
		return fmt.Errorf("keep object %s: %w", o.Key, err)
	}
	defer os.Remove(file) // when it did not become the object's
	return a.change(func(m *model) error {
		if m.Buckets[o.Bucket] == nil {
			return refuseStatus(404, "NoSuchBucket", "The specified bucket does not exist")
		}
		if met != nil {
			if err := met(m.Objects[o.Bucket+"/"+o.Key]); err != nil {
				return err
			}
		}
		if err := os.Rename(file, a.contentFile(o)); err != nil {
			return fmt.Errorf("keep object %s: %w", o.Key, err)
		}
		o.ID = o.Key
		if o.ContentType == "" {
			o.ContentType = "application/octet-stream"
		}
		o.objectComputed = objectComputed{
			ARN: "arn:aws:s3:::" + o.Bucket + "/" + o.Key, ETag: etag, StorageClass: "STANDARD",
			ServerSideEncryption: "AES256", Modified: a.now(), Size: size,
		}
		if o.KMSKey = m.keyOfBucket(o.Bucket); o.KMSKey != "" {
			o.ServerSideEncryption = "aws:kms"
		}
		m.Objects.keep(o.Bucket+"/"+o.Key, o)
		return nil
	})
}

// check cleans the key as the provider does, and refuses what S3 refuses.
func (o *Object) check() error {
	o.Key = strings.TrimLeft(strings.TrimPrefix(o.Key, "./"), "/")
	for strings.Contains(o.Key, "//") {
		o.Key = strings.ReplaceAll(o.Key, "//", "/")
	}
	if o.Key == "" || len(o.Key) > 1024 {
		return refuse("KeyTooLongError", "Your key is too long or empty")
	}
	for key := range o.Metadata {
		if key != strings.ToLower(key) {
			return refuse("InvalidArgument", "Metadata must be lowercase only. Offending key: %q", key)
		}
	}
	if len(o.Tags) > 10 {
		return refuse("BadRequest", "Object tags cannot be greater than 10")
	}
	return o.settle()
}

// Object returns what is known of one object.
func (a *Account) Object(bucket, key string) (*Object, error) {
	return objects.lookup(a, bucket+"/"+key)
}

// Objects are those of a bucket whose keys begin with prefix, by key.
func (a *Account) Objects(bucket, prefix string) []Object {
	a.mu.Lock()
	defer a.mu.Unlock()
	var out []Object
	for _, o := range a.m.Objects {
		if o.Bucket == bucket && strings.HasPrefix(o.Key, prefix) {
			out = append(out, *o)
		}
	}
	slices.SortFunc(out, func(x, y Object) int { return strings.Compare(x.Key, y.Key) })
	return out
}

// OpenObject opens the contents of one object.
func (a *Account) OpenObject(o *Object) (*os.File, error) { return os.Open(a.contentFile(o)) }

// DeleteObject removes one object.
func (a *Account) DeleteObject(bucket, key string) error {
	return objects.remove(a, bucket+"/"+key, func(_ *model, o *Object) error {
		a.dropContent(o)
		return nil
	})
}

func (a *Account) contentFile(o *Object) string {
	sum := sha256.Sum256([]byte(o.Bucket + "/" + o.Key))
	return filepath.Join(a.opts.Dir, "objects", hex.EncodeToString(sum[:]))
}

// receive writes contents to a file of their own, and sums them.
func (a *Account) receive(content io.Reader) (name, etag string, size int64, err error) {
	dir := filepath.Join(a.opts.Dir, "objects")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", "", 0, err
	}
	f, err := os.CreateTemp(dir, "new-")
	if err != nil {
		return "", "", 0, err
	}
	digest := md5.New()
	size, err = io.Copy(io.MultiWriter(f, digest), content)
	if err = errors.Join(err, f.Close()); err != nil {
		_ = os.Remove(f.Name())
		return "", "", 0, err
	}
	return f.Name(), hex.EncodeToString(digest.Sum(nil)), size, nil
}

func (a *Account) dropContent(o *Object) { _ = os.Remove(a.contentFile(o)) }
