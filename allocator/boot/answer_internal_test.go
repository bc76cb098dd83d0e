package boot

import (
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestWhyAServiceIsNotReadySaysMoreThanThatItAnswersLate(t *testing.T) {
	late := atomic.Bool{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if late.Load() {
			<-r.Context().Done()
			return
		}
		w.WriteHeader(http.StatusServiceUnavailable)
		_ = json.NewEncoder(w).Encode(api.Ready{Version: "v1", Release: "a", Checks: []api.Check{{Name: "database", Reason: "it is locked"}}})
	}))
	defer server.Close()
	address := strings.TrimPrefix(server.URL, "http://")
	var why error
	require.Eventually(t, func() bool { // one answer has a second
		why = askAt(t.Context(), address, "a")
		return errors.Is(why, errNotReady)
	}, time.Minute, time.Millisecond)
	require.EqualError(t, why, "it is not ready: database: it is locked")
	late.Store(true)
	slow := askAt(t.Context(), address, "a")
	require.Equal(t, why, telling(why, slow))
	require.Equal(t, slow, telling(nil, slow))
	server.Close()
	gone := askAt(t.Context(), address, "a")
	require.Equal(t, gone, telling(why, gone))
}
