package artifacts_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/artifacts"
	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

func TestAMachineReadsWhatItsRoleMayRead(t *testing.T) {
	account, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64"})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(account, time.Now))
	defer server.Close()
	require.NoError(t, account.CreateBucket(&cloud.Bucket{Bucket: "the-bucket"}))
	key := "artifacts/5e/lablink-agent-linux/amd64"
	require.NoError(t, account.PutObject(&cloud.Object{Bucket: "the-bucket", Key: key}, strings.NewReader("the agent")))
	b := &artifacts.Bucket{
		URL:    artifacts.URL("us-west-2", "the-bucket", func(name string) string { return map[string]string{"AWS_ENDPOINT_URL": server.URL}[name] }),
		Region: "us-west-2", HTTP: server.Client(), Now: time.Now,
		Credentials: credentials.NewStaticCredentialsProvider(cloud.DeveloperKey, cloud.DeveloperSecret, ""),
	}
	body, err := b.Get(t.Context(), key)
	require.NoError(t, err)
	raw, err := io.ReadAll(body)
	require.NoError(t, errors.Join(err, body.Close()))
	require.Equal(t, "the agent", string(raw))
	_, err = b.Get(t.Context(), "artifacts/other")
	require.ErrorIs(t, err, host.ErrMissing)
	b.Credentials = credentials.NewStaticCredentialsProvider(cloud.DeveloperKey, "wrong", "")
	_, err = b.Get(t.Context(), key)
	require.ErrorIs(t, err, host.ErrMissing, "S3 says the same to who may not read")
}

func TestABucketThatIsOutOfOrderIsNotAMissingObject(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) }))
	defer server.Close()
	b := &artifacts.Bucket{URL: server.URL + "/b", Region: "us-west-2", HTTP: server.Client(), Now: time.Now, Credentials: credentials.NewStaticCredentialsProvider("a", "b", "")}
	_, err := b.Get(t.Context(), "k")
	require.ErrorContains(t, err, "S3 says 503")
	require.NotErrorIs(t, err, host.ErrMissing)
}

func TestABucketIsAtItsOwnNameOrAtAnotherEndpoint(t *testing.T) {
	env := map[string]string{}
	at := func() string { return artifacts.URL("eu-west-1", "b", func(name string) string { return env[name] }) }
	require.Equal(t, "https://b.s3.eu-west-1.amazonaws.com", at())
	env["AWS_ENDPOINT_URL"] = "http://all"
	require.Equal(t, "http://all/b", at())
	env["AWS_ENDPOINT_URL_S3"] = "http://s3"
	require.Equal(t, "http://s3/b", at())
}
