package uplink_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/uplink"
	"github.com/talmolab/lablink-infrastructure/api"
)

// What went wrong is kept, and read by all of staff.
func TestAnErrorDoesNotTellWhereAFileMayBePut(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	k := &uplink.Keeper{HTTP: http.DefaultClient}
	err := k.Put(t.Context(), server.URL+"/files/a?X-Amz-Signature=secret", nil, strings.NewReader("1"), 1)
	require.ErrorContains(t, err, "put the file: ")
	require.NotContains(t, err.Error(), "Signature")
}

// A try whose answer was lost has put the file: the next one is told that it is there.
func TestAFileThatIsThereAlreadyIsKept(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("If-None-Match") == "*" || r.Header.Get("If-None-Match") == "" {
			w.WriteHeader(http.StatusPreconditionFailed)
		}
	}))
	defer server.Close()
	k := &uplink.Keeper{HTTP: server.Client()}
	require.NoError(t, k.Put(t.Context(), server.URL, map[string]string{"If-None-Match": "*"}, strings.NewReader("1"), 1))
	require.Error(t, k.Put(t.Context(), server.URL, nil, strings.NewReader("1"), 1), "nobody asked for that")
}

// What nobody could take is tried again, and what was refused is not.
func TestWhoIsAwayIsToldFromWhoRefuses(t *testing.T) {
	for _, c := range []struct {
		status int
		said   string
		away   bool
	}{
		{http.StatusServiceUnavailable, "", true}, {http.StatusTooManyRequests, "", true}, {http.StatusForbidden, "", false},
		{http.StatusRequestTimeout, "", true}, {http.StatusConflict, "<Error><Code>ConditionalRequestConflict</Code></Error>", true},
		{http.StatusBadRequest, "<Error><Code>RequestTimeout</Code></Error>", true}, {http.StatusBadRequest, "<Error><Code>InvalidDigest</Code></Error>", false},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(c.status)
			_, _ = w.Write([]byte(c.said))
		}))
		err := (&uplink.Keeper{HTTP: server.Client()}).Put(t.Context(), server.URL, nil, strings.NewReader("1"), 1)
		var is *agent.Away
		require.Equal(t, c.away, errors.As(err, &is), "%v", err)
		server.Close()
	}
	server := httptest.NewServer(http.NotFoundHandler())
	k := &uplink.Keeper{
		Allocator: &uplink.Allocator{URL: server.URL, HTTP: server.Client()}, HTTP: server.Client(),
		Identity: func() (agent.Identity, error) { return agent.Identity{AgentID: "agt_1", Secret: "s"}, nil },
	}
	var is *agent.Away
	_, err := k.Places(t.Context(), api.NewUploads{})
	require.Equal(t, api.NotFound, api.CodeOf(err))
	require.NotErrorAs(t, err, &is)
	server.Close()
	_, err = k.Places(t.Context(), api.NewUploads{})
	require.ErrorAs(t, err, &is)
	require.ErrorAs(t, k.Put(t.Context(), server.URL, nil, strings.NewReader("1"), 1), &is)
}
