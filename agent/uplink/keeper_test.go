package uplink_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/uplink"
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
