package web_test

import (
	"bufio"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// Browsers that take it get the news of staff's pages packed, each when it comes, and others
// as they are.
func TestNewsAreSmallerForWhoTakesThemPacked(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	staff := w.staff(t)
	for _, packed := range []bool{true, false} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/admin/live", nil)
		require.NoError(t, err)
		if !packed {
			req.Header.Set("Accept-Encoding", "identity")
		}
		res, err := staff.Do(req)
		require.NoError(t, err)
		defer res.Body.Close()
		require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
		require.Equal(t, packed, res.Uncompressed, "Go's client asks for it and undoes it")
		until(t, bufio.NewReader(res.Body), ws.ID)
	}
}
