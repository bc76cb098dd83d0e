package artifacts

import (
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/cli"
)

// maxManifest bounds what is read of a manifest, in bytes.
const maxManifest = 1 << 20

// Store is cli.Artifacts.
type Store struct {
	s3              *s3.Client
	ssm             *ssm.Client
	bucket, pointer string
}

var _ cli.Artifacts = (*Store)(nil)

// Open uses the credentials of whoever calls.
func Open(ctx context.Context, region, bucket, pointer string) (cli.Artifacts, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return New(c, bucket, pointer), nil
}

// New uses a configuration. At another endpoint than AWS's own, buckets are part
// of the path.
func New(c aws.Config, bucket, pointer string) *Store {
	elsewhere := c.BaseEndpoint != nil || os.Getenv("AWS_ENDPOINT_URL") != ""
	return &Store{s3.NewFromConfig(c, func(o *s3.Options) {
		o.UsePathStyle, o.DisableLogOutputChecksumValidationSkipped = elsewhere, true
	}), ssm.NewFromConfig(c), bucket, pointer}
}

// Manifests lists what is stored.
func (s *Store) Manifests(ctx context.Context) ([]cli.Stored, error) {
	var out []cli.Stored
	prefix, suffix, _ := strings.Cut(release.Key("*"), "*")
	pages := s3.NewListObjectsV2Paginator(s.s3, &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the releases in %s: %w", s.bucket, err)
		}
		for _, o := range page.Contents {
			sum := strings.TrimSuffix(strings.TrimPrefix(*o.Key, prefix), suffix)
			if release.IsSum(sum) {
				out = append(out, cli.Stored{Sum: sum, At: *o.LastModified})
			}
		}
	}
	slices.SortFunc(out, func(a, b cli.Stored) int { return b.At.Compare(a.At) })
	return out, nil
}

// Manifest reads one.
func (s *Store) Manifest(ctx context.Context, sum string) ([]byte, error) {
	out, err := s.s3.GetObject(ctx, &s3.GetObjectInput{Bucket: &s.bucket, Key: aws.String(release.Key(sum))})
	if err != nil {
		return nil, fmt.Errorf("read release %s: %w", sum, err)
	}
	defer out.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(out.Body, maxManifest))
	if err != nil {
		return nil, fmt.Errorf("read release %s: %w", sum, err)
	}
	return raw, nil
}

// Pointer reads the pointer.
func (s *Store) Pointer(ctx context.Context) (string, error) {
	out, err := s.ssm.GetParameter(ctx, &ssm.GetParameterInput{Name: &s.pointer})
	if err != nil {
		return "", fmt.Errorf("read the release pointer %s: %w", s.pointer, err)
	}
	return aws.ToString(out.Parameter.Value), nil
}
