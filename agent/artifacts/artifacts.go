package artifacts

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Bucket is the artifact bucket.
type Bucket struct {
	// URL is where the bucket's objects are; see URL.
	URL string
	// Region is the bucket's AWS region.
	Region      string
	Credentials aws.CredentialsProvider
	HTTP        *http.Client
	Now         func() time.Time
}

// URL is the address of a bucket. AWS_ENDPOINT_URL_S3 and AWS_ENDPOINT_URL, in
// this order, replace AWS's own.
func URL(region, bucket string, getenv func(string) string) string {
	for _, name := range []string{"AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL"} {
		if url := getenv(name); url != "" {
			return url + "/" + bucket
		}
	}
	return "https://" + bucket + ".s3." + region + ".amazonaws.com"
}

// Get opens an object.
func (b *Bucket) Get(ctx context.Context, key string) (io.ReadCloser, error) {
	credentials, err := b.Credentials.Retrieve(ctx)
	if err != nil {
		return nil, fmt.Errorf("get the machine's credentials: %w", err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.URL+"/"+key, nil)
	if err != nil {
		return nil, fmt.Errorf("make a request to S3: %w", err)
	}
	nothing := sha256.Sum256(nil)
	sum := hex.EncodeToString(nothing[:])
	req.Header.Set("X-Amz-Content-Sha256", sum)
	plain := func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true } // S3's own way
	if err := v4.NewSigner().SignHTTP(ctx, credentials, req, sum, "s3", b.Region, b.Now(), plain); err != nil {
		return nil, fmt.Errorf("sign a request to S3: %w", err)
	}
	res, err := b.HTTP.Do(req)
	if err != nil {
		return nil, err
	}
	switch res.StatusCode {
	case http.StatusOK:
		return res.Body, nil
	case http.StatusNotFound, http.StatusForbidden: // to who may not list the bucket, it says this
		err = fmt.Errorf("%w: S3 says %s", host.ErrMissing, res.Status)
	default:
		err = fmt.Errorf("S3 says %s", res.Status)
	}
	_ = res.Body.Close()
	return nil, err
}
