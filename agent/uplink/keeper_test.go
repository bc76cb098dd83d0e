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
	err := k.Put(t.Context(), server.URL+"/work/a?X-Amz-Signature=secret", strings.NewReader("1"), 1)
	require.ErrorContains(t, err, "put the file: ")
	require.NotContains(t, err.Error(), "Signature")
}
