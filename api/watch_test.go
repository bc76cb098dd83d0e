package api_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestASeatIsWatchedUntilEnoughWasHeard(t *testing.T) {
	for name, c := range map[string]struct {
		status  int
		said    string
		heard   int
		refused string
	}{
		"enough":                {200, "event: live\ndata: {\"reachable\": false}\n\nevent: live\ndata: {\"reachable\": true}\n\ndata: {}\n\n", 2, ""},
		"an end before that":    {200, "event: live\ndata: {\"reachable\": false}\n\n", 1, "the answer ended"},
		"a seat that is gone":   {200, "event: gone\ndata: {\"title\": \"You have no seat here\", \"code\": \"not_found\"}\n\n", 0, "You have no seat here"},
		"what is no answer":     {200, "data: {\n\n", 0, "watch the seat: unexpected end of JSON input"},
		"what is no problem":    {200, "event: gone\ndata: {\n\n", 0, "watch the seat: unexpected end of JSON input"},
		"a refusal":             {503, "", 0, "Service Unavailable"},
		"an answer without one": {200, "", 0, "the answer ended"},
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				assert.Equal(t, "/api/v1/seats/current/events", r.URL.Path)
				w.WriteHeader(c.status)
				_, _ = w.Write([]byte(c.said))
			}))
			defer server.Close()
			heard := 0
			err := (&api.Client{URL: server.URL, HTTP: server.Client()}).WatchSeat(t.Context(), func(l api.Live) bool {
				heard++
				return !l.Reachable
			})
			require.Equal(t, c.heard, heard)
			if c.refused == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.refused)
		})
	}
	require.ErrorContains(t, (&api.Client{URL: "http://127.0.0.1:1"}).WatchSeat(t.Context(), nil), "watch the seat")
}
