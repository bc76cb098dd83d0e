package web_test

import (
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var (
	styled = regexp.MustCompile(`(?s)<style>(.*?)</style>`)
	loads  = regexp.MustCompile(`(?:src|href)="(/assets/[^"]+)"`)
)

// styledInPlace requires that a page is shown without anything else being loaded: its style
// is in it, and allowed; its scripts come after it.
func styledInPlace(t *testing.T, res *http.Response, body string) {
	t.Helper()
	require.NotContains(t, body, `rel="stylesheet"`)
	require.Equal(t, strings.Count(body, "<script"), strings.Count(body, `type="module"></script>`), "a script that is no module is waited for")
	found := styled.FindAllStringSubmatch(body, -1)
	require.Len(t, found, 1)
	sum := sha256.Sum256([]byte(found[0][1]))
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "; style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"';")
}

func TestWhatParticipantsSeeFirstNeedsNothingElse(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	ann, bob := w.browser(t), w.browser(t)
	for _, path := range []string{"/", "/nowhere", "/join/" + ws.JoinCode} {
		res, body := ann.open(t, path)
		styledInPlace(t, res, body)
	}
	join(t, ann, ws, "ann@example.org")
	join(t, bob, ws, "bob@example.org")
	for _, b := range []*browser{ann, bob} { // a desktop, and the queue
		res, body := b.open(t, "/seat")
		styledInPlace(t, res, body)
	}
	res, body := w.browser(t).submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	require.Contains(t, body, `id="pin"`)
	styledInPlace(t, res, body)
	staff, body := w.staff(t).open(t, "/admin")
	require.Contains(t, body, `rel="stylesheet"`, "staff loads it once")
	require.Contains(t, staff.Header.Get("Content-Security-Policy"), "style-src 'self';")
}

func TestTheJoinPageIsSmall(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	sent := func(path string) (int, string) {
		res, body := w.browser(t).send(t, http.MethodGet, path, nil, "Accept", "text/html", "Accept-Encoding", "identity")
		require.Equal(t, http.StatusOK, res.StatusCode, path)
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
		require.NoError(t, err)
		req.Header.Set("Accept-Encoding", "gzip")
		res, err = http.DefaultTransport.RoundTrip(req) // which does not unpack what it did not ask for
		require.NoError(t, err)
		defer res.Body.Close()
		n, err := io.Copy(io.Discard, res.Body)
		require.NoError(t, err)
		return int(n), body
	}
	all, page := sent("/join/" + ws.JoinCode)
	for _, found := range loads.FindAllStringSubmatch(page, -1) {
		size, _ := sent(found[1])
		all += size
	}
	require.Less(t, all, 100_000, "bytes that the join page and all that it loads are on their way")
}
