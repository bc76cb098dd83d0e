package identity

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	awshttp "github.com/aws/aws-sdk-go-v2/aws/transport/http"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/ec2rolecreds"
	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"
)

// Endpoint is the address of STS in a region. AWS_ENDPOINT_URL_STS and
// AWS_ENDPOINT_URL, in this order, replace it.
func Endpoint(region string, getenv func(string) string) string {
	return cmp.Or(
		getenv("AWS_ENDPOINT_URL_STS"),
		getenv("AWS_ENDPOINT_URL"),
		"https://sts."+region+".amazonaws.com")
}

// Credentials are those of the environment (AWS_ACCESS_KEY_ID and its
// companions) where it has some, and otherwise those of the instance role.
// They are asked for anew each time.
func Credentials(getenv func(string) string) aws.CredentialsProvider {
	if key := getenv("AWS_ACCESS_KEY_ID"); key != "" {
		return credentials.NewStaticCredentialsProvider(
			key, getenv("AWS_SECRET_ACCESS_KEY"), getenv("AWS_SESSION_TOKEN"))
	}
	return ec2rolecreds.New(func(o *ec2rolecreds.Options) { o.Client = metadata() })
}

// InstanceID is the machine's instance id, i-…. It fails where there is no
// instance metadata.
func InstanceID(ctx context.Context) (string, error) {
	const path = "instance-id"
	out, err := metadata().GetMetadata(ctx, &imds.GetMetadataInput{Path: path})
	if err != nil {
		return "", fmt.Errorf("ask instance metadata for %s: %w", path, err)
	}
	defer out.Content.Close()
	raw, err := io.ReadAll(io.LimitReader(out.Content, 1<<10))
	if err != nil {
		return "", fmt.Errorf("read %s from instance metadata: %w", path, err)
	}
	return string(raw), nil
}

// metadata is a client of instance metadata, version 2 only. It goes there
// directly: a proxy must neither answer for the machine nor see its
// credentials. AWS_EC2_METADATA_SERVICE_ENDPOINT replaces the address.
func metadata() *imds.Client {
	direct := awshttp.NewBuildableClient().WithTransportOptions(func(t *http.Transport) { t.Proxy = nil })
	return imds.New(imds.Options{HTTPClient: direct, EnableFallback: aws.FalseTernary})
}
