package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

// Objects is the part of the SDK's S3 client that is used.
type Objects interface {
	GetObject(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
}

// GetObject is S3's call of that name; see allocator/ec2 for why nothing else of the
// SDK's client is kept.
type GetObject func(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)

// GetObject calls it.
func (g GetObject) GetObject(ctx context.Context, in *s3.GetObjectInput, opts ...func(*s3.Options)) (*s3.GetObjectOutput, error) {
	return g(ctx, in, opts...)
}

// binary is the program's name in a release's folder.
const binary = "lablink-allocator"

// parts are what this host needs of a release: the binary and the settings.
func parts(m release.Manifest) ([]host.Part, error) {
	platform := "linux/" + runtime.GOARCH
	program, ok := m.Allocator[platform]
	if !ok {
		return nil, fmt.Errorf("it has no allocator for %s", platform)
	}
	return []host.Part{{File: program, Name: binary, Mode: 0o755}, {File: m.Settings, Name: "settings.json", Mode: 0o644}}, nil
}

// get opens objects of a bucket. To somebody who may not list the bucket, S3 says
// of what is not there that access is denied.
func get(objects Objects, bucket string) host.Get {
	return func(ctx context.Context, key string) (io.ReadCloser, error) {
		out, err := objects.GetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key})
		var refused interface{ ErrorCode() string }
		if errors.As(err, &refused) && slices.Contains([]string{"NoSuchKey", "AccessDenied"}, refused.ErrorCode()) {
			return nil, fmt.Errorf("bucket %s: %w: %w", bucket, host.ErrMissing, err)
		}
		if err != nil {
			return nil, err
		}
		return out.Body, nil
	}
}
