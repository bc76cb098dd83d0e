package work

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// signedFor is how long an address may be used.
const signedFor = 15 * time.Minute

// Bucket is a bucket of S3. It holds the calls that are used; see allocator/ec2 for why.
type Bucket struct {
	name   string
	folder string // of this environment, below which all keys are
	put    func(ctx context.Context, key string, bytes int64) (string, error)
	once   func(ctx context.Context, key string, bytes int64, tag string) (string, map[string]string, error)
	get    func(ctx context.Context, key string) (string, error)
	open   func(context.Context, *s3.GetObjectInput, ...func(*s3.Options)) (*s3.GetObjectOutput, error)
	list   func(context.Context, *s3.ListObjectsV2Input, ...func(*s3.Options)) (*s3.ListObjectsV2Output, error)
}

var _ allocator.Work = (*Bucket)(nil)

// New keeps work in a folder of a bucket, which environments may share: deployed.WorkFolder
// is what each has for itself.
func New(client *s3.Client, bucket, folder string) *Bucket {
	signer := s3.NewPresignClient(client, s3.WithPresignExpires(signedFor), s3.WithPresignClientFromClientOptions(func(o *s3.Options) {
		// A sum would have to be known before the file is read, and browsers check none.
		o.RequestChecksumCalculation = aws.RequestChecksumCalculationWhenRequired
		o.ResponseChecksumValidation = aws.ResponseChecksumValidationWhenRequired
	}))
	saved := "attachment" // whoever put the file said what it is: no page is shown for staff
	return &Bucket{
		name: bucket, folder: folder, open: client.GetObject, list: client.ListObjectsV2,
		put: func(ctx context.Context, key string, bytes int64) (string, error) {
			r, err := signer.PresignPutObject(ctx, &s3.PutObjectInput{Bucket: &bucket, Key: &key, ContentLength: &bytes})
			if err != nil {
				return "", err
			}
			return r.URL, nil
		},
		once: func(ctx context.Context, key string, bytes int64, tag string) (string, map[string]string, error) {
			// Amazon S3 User Guide, "How to prevent object overwrites with conditional writes".
			in, headers := &s3.PutObjectInput{Bucket: &bucket, Key: &key, ContentLength: &bytes}, map[string]string{"If-None-Match": "*"}
			if in.IfNoneMatch = aws.String("*"); tag != "" {
				in.IfNoneMatch, in.IfMatch, headers = nil, &tag, map[string]string{"If-Match": tag}
			}
			r, err := signer.PresignPutObject(ctx, in)
			if err != nil {
				return "", nil, err
			}
			return r.URL, headers, nil
		},
		get: func(ctx context.Context, key string) (string, error) {
			r, err := signer.PresignGetObject(ctx, &s3.GetObjectInput{Bucket: &bucket, Key: &key, ResponseContentDisposition: &saved})
			if err != nil {
				return "", err
			}
			return r.URL, nil
		},
	}
}

// Upload is an address that takes a file of just so many bytes.
func (b *Bucket) Upload(ctx context.Context, key string, bytes int64) (string, error) {
	url, err := b.put(ctx, b.folder+key, bytes)
	if err != nil {
		return "", fmt.Errorf("sign an address to put %s: %w", key, err)
	}
	return url, nil
}

// UploadOnce is one that takes it once.
func (b *Bucket) UploadOnce(ctx context.Context, key string, bytes int64, tag string) (string, map[string]string, error) {
	url, headers, err := b.once(ctx, b.folder+key, bytes, tag)
	if err != nil {
		return "", nil, fmt.Errorf("sign an address to put %s once: %w", key, err)
	}
	return url, headers, nil
}

// Download is an address that gives a file.
func (b *Bucket) Download(ctx context.Context, key string) (string, error) {
	url, err := b.get(ctx, b.folder+key)
	if err != nil {
		return "", fmt.Errorf("sign an address to get %s: %w", key, err)
	}
	return url, nil
}

// Open opens a file.
func (b *Bucket) Open(ctx context.Context, key string) (io.ReadCloser, error) {
	at := b.folder + key
	out, err := b.open(ctx, &s3.GetObjectInput{Bucket: &b.name, Key: &at})
	var none *types.NoSuchKey
	if errors.As(err, &none) {
		return nil, api.Problemf(api.NotFound, "The file is not there any more", "%s was removed from the bucket.", key)
	}
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", key, err)
	}
	return out.Body, nil
}

// List lists the files whose keys begin with prefix.
func (b *Bucket) List(ctx context.Context, prefix string) ([]allocator.WorkFile, error) {
	var out []allocator.WorkFile
	prefix = b.folder + prefix
	for token := (*string)(nil); len(out) < allocator.MostKept; {
		page, err := b.list(ctx, &s3.ListObjectsV2Input{Bucket: &b.name, Prefix: &prefix, ContinuationToken: token})
		if err != nil {
			return nil, fmt.Errorf("list the work below %s: %w", prefix, err)
		}
		for _, o := range page.Contents {
			out = append(out, allocator.WorkFile{Key: strings.TrimPrefix(aws.ToString(o.Key), b.folder), Bytes: aws.ToInt64(o.Size), At: aws.ToTime(o.LastModified), Tag: aws.ToString(o.ETag)})
		}
		if token = page.NextContinuationToken; token == nil {
			break
		}
	}
	return out, nil
}
