package sim

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestOnlyAConnectionFromThisComputerReachesTheControls(t *testing.T) {
	for peer, want := range map[string]int{
		"127.0.0.1:4000": 200, "[::1]:4000": 200, "[::ffff:127.0.0.1]:4000": 200,
		"192.0.2.1:4000": 403, "[2001:db8::1]:4000": 403, "@": 403, "": 403,
	} {
		r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/_simulator/state", nil)
		r.RemoteAddr = peer
		w := httptest.NewRecorder()
		closed(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
		require.Equal(t, want, w.Code, "a connection from %q", peer)
	}
}
