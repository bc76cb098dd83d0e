package artifacts_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/cli/artifacts"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

func TestReleasesAreFoundInTheBucketNewestFirst(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	account, err := cloud.Open(cloud.Options{Dir: t.TempDir(), Architecture: "x86_64", Now: func() time.Time { now = now.Add(time.Hour); return now }})
	require.NoError(t, err)
	server := httptest.NewServer(wire.NewServer(account, time.Now))
	defer server.Close()
	require.NoError(t, account.CreateBucket(&cloud.Bucket{Bucket: "artifacts"}))
	old, recent := strings.Repeat("f", 64), strings.Repeat("a", 64)
	for _, key := range []string{release.Key(old), release.Key(recent), "releases/notes.json", "settings/" + old + ".json"} {
		require.NoError(t, account.PutObject(&cloud.Object{Bucket: "artifacts", Key: key}, strings.NewReader("of "+key)))
	}
	_, err = account.PutParameter("/lablink/d/e/release", "String", recent, false)
	require.NoError(t, err)
	s := artifacts.New(aws.Config{
		Region: "us-west-2", BaseEndpoint: &server.URL, RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}, nil
		}),
	}, "artifacts", "/lablink/d/e/release")

	stored, err := s.Manifests(t.Context())
	require.NoError(t, err)
	require.Len(t, stored, 2)
	require.Equal(t, recent, stored[0].Sum)
	require.Equal(t, old, stored[1].Sum)
	raw, err := s.Manifest(t.Context(), old)
	require.NoError(t, err)
	require.Equal(t, "of releases/"+old+".json", string(raw))
	_, err = s.Manifest(t.Context(), strings.Repeat("0", 64))
	require.ErrorContains(t, err, "NoSuchKey")
	pointer, err := s.Pointer(t.Context())
	require.NoError(t, err)
	require.Equal(t, recent, pointer)
}
