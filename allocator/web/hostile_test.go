package web_test

import (
	"bufio"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestCookiesAreThisSitesOwnOverTLS(t *testing.T) {
	w := newWorld(t, func(c *web.Config) { c.Secure = true })
	ws := w.ReadyWorkshop(t, 1)
	res, _ := w.browser(t).open(t, "/join/"+ws.JoinCode)
	seat := res.Cookies()
	res, _ = w.browser(t).send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: password})
	cookies := append(seat, res.Cookies()...)
	require.Len(t, cookies, 2)
	for _, c := range cookies {
		require.True(t, strings.HasPrefix(c.Name, "__Host-lablink_"), c.Name)
		require.True(t, c.Secure && c.HttpOnly, c.Name)
		require.Equal(t, http.SameSiteLaxMode, c.SameSite, c.Name)
		require.Equal(t, "/", c.Path, c.Name)
		require.Empty(t, c.Domain, c.Name)
	}
}

// A browser over plain HTTP sends an Origin and no Sec-Fetch-Site, if the page
// lets it.
func TestAFormWorksOverPlainHTTP(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	res, _ := b.open(t, "/admin/login")
	require.Equal(t, "same-origin", res.Header.Get("Referrer-Policy"))
	form := url.Values{"user": {"admin"}, "password": {password}}.Encode()
	for origin, want := range map[string]int{w.url: http.StatusSeeOther, "http://evil.example": http.StatusForbidden, "null": http.StatusForbidden} {
		res, _ := b.send(t, http.MethodPost, "/admin/login", form, "Origin", origin, "Content-Type", "application/x-www-form-urlencoded", "Accept", "text/html")
		require.Equal(t, want, res.StatusCode, origin)
	}
}

func TestNobodySendsMoreThanFits(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	large := url.Values{"user": {"admin"}, "password": {strings.Repeat("x", 2<<20)}}.Encode()
	for _, upgrade := range []string{"", "x"} {
		res, _ := b.send(t, http.MethodPost, "/admin/login", large, "Upgrade", upgrade, "Content-Type", "application/x-www-form-urlencoded")
		require.GreaterOrEqual(t, res.StatusCode, 400, "Upgrade: %s", upgrade)
		require.True(t, res.Close, "the rest is not read")
	}
	for range 10 { // so many would lock somebody out whose name is kept
		res, _ := b.submit(t, "/admin/login", url.Values{"user": {strings.Repeat("x", 101)}, "password": {password}})
		require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	}
	ws := w.ReadyWorkshop(t, 1)
	res, body := b.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {strings.Repeat("x", 300) + "@example.org"}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "not an e-mail address")
}

func TestALivePageEndsWithItsSession(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/admin/live", nil)
	require.NoError(t, err)
	res, err := b.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	require.True(t, lines.Scan())
	b.submit(t, "/admin/logout", nil)
	said := ""
	for lines.Scan() {
		said += lines.Text() + "\n"
	}
	require.NoError(t, lines.Err())
	require.Contains(t, said, "event: gone")
}

// deadlines notes how long a handler lets a connection take.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error  { d.read = at; return nil }
func (d *deadlines) SetWriteDeadline(at time.Time) error { d.write = at; return nil }

func TestNobodyTakesForEver(t *testing.T) {
	w := newWorld(t)
	for method, bounded := range map[string]bool{http.MethodGet: false, http.MethodPost: true} {
		d := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		w.handler.ServeHTTP(d, httptest.NewRequest(method, "/admin/login", nil))
		soon := time.Now().Add(time.Minute)
		require.Equal(t, bounded, !d.read.IsZero(), method)
		require.True(t, d.read.Before(soon), method)
		require.True(t, !d.write.IsZero() && d.write.Before(soon), method)
	}
}
