package account

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// Versioning is that of a bucket.
func (a *Account) Versioning(ctx context.Context, bucket, region string) (string, error) {
	out, err := a.s3.GetBucketVersioning(ctx, &s3.GetBucketVersioningInput{Bucket: &bucket}, func(o *s3.Options) { o.Region = region })
	if err != nil {
		return "", explain("s3:GetBucketVersioning on "+bucket, err)
	}
	return string(out.Status), nil
}

// Object reads an object, and what encrypts it.
func (a *Account) Object(ctx context.Context, bucket, region, key string) error {
	out, err := a.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key}, func(o *s3.Options) { o.Region = region })
	if err != nil {
		return explain("s3:GetObject on "+bucket+", with kms:Decrypt on its key", err)
	}
	if err := out.Body.Close(); err != nil {
		return fmt.Errorf("read %s of %s: %w", key, bucket, err)
	}
	return nil
}

// Decrypt uses a key, and forgets what it gives.
func (a *Account) Decrypt(ctx context.Context, key, region string, blob []byte, about map[string]string) error {
	_, err := a.kms.Decrypt(ctx, &kms.DecryptInput{KeyId: aws.String(key), CiphertextBlob: blob, EncryptionContext: about}, func(o *kms.Options) { o.Region = region })
	return explain("kms:Decrypt on "+key, err)
}
