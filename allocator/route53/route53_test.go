package route53_test

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/route53"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/wire"
)

const name = "_acme-challenge.lab.example.org"

// world is an account with a zone. So many answers that a change is everywhere
// are taken back.
type world struct {
	*cloud.Account
	*route53.Zone
	pending, asked atomic.Int32
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{}
	var err error
	w.Account, err = cloud.Open(cloud.Options{Dir: t.TempDir(), Zones: []string{"example.org"}})
	require.NoError(t, err)
	api := wire.NewServer(w.Account, time.Now)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		api.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		if strings.Contains(r.URL.Path, "/change/") && w.asked.Add(1) <= w.pending.Load() {
			body = bytes.ReplaceAll(body, []byte("INSYNC"), []byte("PENDING"))
		}
		rw.WriteHeader(answer.Code)
		_, _ = rw.Write(body)
	}))
	t.Cleanup(server.Close)
	w.Zone = route53.New(aws.Config{
		Region: "us-west-2", BaseEndpoint: aws.String(server.URL), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: cloud.DeveloperKey, SecretAccessKey: cloud.DeveloperSecret}, nil
		}),
	}, w.ZonesNamed("example.org")[0].ID)
	w.Poll = time.Millisecond
	return w
}

func TestARecordIsSetReplacedAndRemoved(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, w.SetTXT(t.Context(), name, "one"))
	require.Equal(t, []string{"one"}, w.Answer(name, "TXT"))
	require.NoError(t, w.SetTXT(t.Context(), name, "two"), "what an interrupted try left behind is replaced")
	require.Equal(t, []string{"two"}, w.Answer(name, "TXT"))
	require.NoError(t, w.RemoveTXT(t.Context(), name, "two"))
	require.Empty(t, w.Answer(name, "TXT"))
	require.ErrorContains(t, w.RemoveTXT(t.Context(), name, "two"), "remove the TXT record "+name+" from zone Z")
}

func TestARecordIsSetWhenAllServersHaveIt(t *testing.T) {
	w := newWorld(t)
	w.pending.Store(3)
	require.NoError(t, w.SetTXT(t.Context(), name, "one"))
	require.EqualValues(t, 4, w.asked.Load(), "how often it was asked")
}

func TestWaitingEndsWithTheContext(t *testing.T) {
	w := newWorld(t)
	w.pending.Store(1 << 30)
	ctx, cancel := context.WithCancel(t.Context())
	w.Poll = time.Hour
	done := make(chan error)
	go func() { done <- w.SetTXT(ctx, name, "one") }()
	require.Eventually(t, func() bool { return len(w.Answer(name, "TXT")) == 1 }, time.Minute, time.Millisecond)
	cancel()
	require.ErrorIs(t, <-done, context.Canceled)
}
