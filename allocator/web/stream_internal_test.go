package web

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/web/live"
)

// What a machine says stands in events to who looks at it. A line ends in three ways there.
func TestNothingThatIsSaidInAnEventIsAnEventOfItsOwn(t *testing.T) {
	for name, send := range map[string]func(*stream, string) error{
		"usual":    func(s *stream, data string) error { return s.send("", data) },
		"numbered": func(s *stream, data string) error { return s.numbered("7", data) },
	} {
		out := httptest.NewRecorder()
		require.NoError(t, send(newStream(out), "hot\r\revent: gone\rdata: x\r\nend"))
		sent := out.Body.String()
		require.NotContains(t, sent, "\r", name)
		require.Contains(t, sent, "data: hot\ndata: \ndata: event: gone\ndata: data: x\ndata: end\n", name)
	}
}

// A browser that comes back has what it was told last, and not what was loaded.
func TestAPageThatComesBackIsWhatItIsNow(t *testing.T) {
	shown := func(of, last, html string) (sent string, id string) {
		r := httptest.NewRequest(http.MethodGet, "/seat/live?of="+of, nil)
		if last != "" {
			r.Header.Set("Last-Event-ID", last)
		}
		out := httptest.NewRecorder()
		require.NoError(t, newUpdates(out, r, "live").show(html))
		sent = out.Body.String()
		_, id, _ = strings.Cut(sent, "id: ")
		id, _, _ = strings.Cut(id, "\n")
		return sent, id
	}
	const loaded, later = "<p>calm</p>", "<p>somebody looks on</p>"
	of := live.Parse("live", loaded).Sum()
	sent, _ := shown(of, "", loaded)
	require.NotContains(t, sent, "data:", "it has that")
	sent, last := shown(of, "", later)
	require.Contains(t, sent, later)
	sent, _ = shown(of, last, loaded)
	require.Contains(t, sent, loaded, "it showed something else meanwhile")
	sent, _ = shown(of, last, later)
	require.NotContains(t, sent, "data:", "it has that")
}
