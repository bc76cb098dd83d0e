package identity_test

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/identity"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMetadataSaysWhetherTheMachineIsTakenBack(t *testing.T) {
	pages := map[string]string{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/latest/api/token" && r.Method == http.MethodPut {
			w.Header().Set("X-Aws-Ec2-Metadata-Token-Ttl-Seconds", "300")
			_, _ = w.Write([]byte("a token"))
			return
		}
		page, ok := pages[r.URL.Path]
		if !ok || r.Header.Get("X-Aws-Ec2-Metadata-Token") != "a token" {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write([]byte(page))
	}))
	t.Cleanup(server.Close)
	t.Setenv("AWS_EC2_METADATA_SERVICE_ENDPOINT", server.URL)
	n := identity.NewNotices()
	next := func() *api.Interruption {
		got, err := n.Next(t.Context())
		require.NoError(t, err)
		return got
	}
	require.Nil(t, next())
	pages["/latest/meta-data/events/recommendations/rebalance"] = `{"noticeTime": "2026-03-01T09:00:00Z"}`
	require.Equal(t, &api.Interruption{Action: api.Rebalance, At: time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)}, next())
	pages["/latest/meta-data/spot/instance-action"] = `{"action": "terminate", "time": "2026-03-01T09:02:00Z"}`
	require.Equal(t, &api.Interruption{Action: "terminate", At: time.Date(2026, 3, 1, 9, 2, 0, 0, time.UTC)}, next())
	pages["/latest/meta-data/spot/instance-action"] = "{"
	_, err := n.Next(t.Context())
	require.ErrorContains(t, err, "read spot/instance-action from instance metadata")
}
