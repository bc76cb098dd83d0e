package cloud

import (
	"crypto/md5" // S3's own choice for an entity tag
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
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
}

// PutObject writes an object, over an earlier one of the same key.
func (a *Account) PutObject(o *Object, content io.Reader) error {
	o.Key = strings.TrimLeft(o.Key, "/")
	if o.Key == "" || len(o.Key) > 1024 {
		return refuse("KeyTooLongError", "Your key is too long or empty")
	}
	if err := o.settle(); err != nil {
		return err
	}
	if _, err := a.Bucket(o.Bucket); err != nil {
		return refuseStatus(404, "NoSuchBucket", "The specified bucket does not exist")
	}
	etag, err := a.writeContent(o, content)
	if err != nil {
		return err
	}
	return a.change(func(m *model) error {
		o.ID = o.Key
		if o.ContentType == "" {
			o.ContentType = "application/octet-stream"
		}
		o.objectComputed = objectComputed{
			ARN: "arn:aws:s3:::" + o.Bucket + "/" + o.Key, ETag: etag, StorageClass: "STANDARD",
			ServerSideEncryption: "AES256", Modified: a.now(),
		}
		m.Objects[o.Bucket+"/"+o.Key] = o
		return nil
	})
}

// Object returns what is known of one object.
func (a *Account) Object(bucket, key string) (*Object, error) {
	return objects.lookup(a, bucket+"/"+key)
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

func (a *Account) writeContent(o *Object, content io.Reader) (etag string, err error) {
	name := a.contentFile(o)
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return "", fmt.Errorf("keep object %s: %w", o.Key, err)
	}
	f, err := os.CreateTemp(filepath.Dir(name), "new-")
	if err != nil {
		return "", fmt.Errorf("keep object %s: %w", o.Key, err)
	}
	defer os.Remove(f.Name())
	digest := md5.New()
	_, err = io.Copy(io.MultiWriter(f, digest), content)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return "", fmt.Errorf("keep object %s: %w", o.Key, err)
	}
	return hex.EncodeToString(digest.Sum(nil)), nil
}

func (a *Account) dropContent(o *Object) { _ = os.Remove(a.contentFile(o)) }
