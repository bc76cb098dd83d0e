package web_test

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/signon"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// signingOn is a world with a provider.
func signingOn(t *testing.T) (*world, *mockoidc.MockOIDC, *signon.Provider) {
	t.Helper()
	m, err := mockoidc.Run()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Shutdown()) })
	p := &signon.Provider{
		Issuer: m.Issuer(), ClientID: m.ClientID, Secret: func(context.Context) (string, error) { return m.ClientSecret, nil },
		Rules: signon.Rules{Admins: []string{"ann@example.org"}, Viewers: []string{"@example.org"}, GroupsClaim: "groups"},
	}
	return newWorld(t, func(c *web.Config) { c.SignOn = p }), m, p
}

// signOn goes to the provider and back, as a browser does that follows.
func signOn(t *testing.T, b *browser, start string) (*http.Response, string) {
	t.Helper()
	res, body := b.open(t, start)
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	to, err := http.DefaultTransport.RoundTrip(mustRequest(t, res.Header.Get("Location")))
	require.NoError(t, err)
	defer to.Body.Close()
	back, err := url.Parse(to.Header.Get("Location"))
	require.NoError(t, err)
	return b.open(t, back.RequestURI())
}

func mustRequest(t *testing.T, to string) *http.Request {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, to, nil)
	require.NoError(t, err)
	return r
}

func TestNobodySignsOnWhereADesktopMayBeOpen(t *testing.T) {
	w, m, _ := signingOn(t)
	ws := w.ReadyWorkshop(t, 1)
	b := w.browser(t)
	res, body := b.open(t, "/api/v1/oidc/start")
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	m.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "ann@example.org", EmailVerified: true})
	to, err := http.DefaultTransport.RoundTrip(mustRequest(t, res.Header.Get("Location")))
	require.NoError(t, err)
	require.NoError(t, to.Body.Close())
	back, err := url.Parse(to.Header.Get("Location"))
	require.NoError(t, err)
	join(t, b, ws, "ann@example.org") // meanwhile
	for _, page := range []string{back.RequestURI(), "/api/v1/oidc/start"} {
		res, body = b.open(t, page)
		require.Equal(t, http.StatusForbidden, res.StatusCode, page)
		require.Contains(t, body, "This browser holds a seat")
	}
	answer, raw := b.send(t, http.MethodGet, "/api/v1/users/current", nil)
	refused(t, api.Unauthorized, answer, raw)
}

func TestStaffLogInWithTheirInstitutionsAccount(t *testing.T) {
	w, m, p := signingOn(t)
	b := w.browser(t)
	page := mustOpen(t, b, "/admin/login?next=%2Fadmin%2Fusers")
	start := strings.ReplaceAll(between(page, `id="sign-on" href="`, `"`), "&amp;", "&")
	require.Equal(t, "/api/v1/oidc/start?next=%2Fadmin%2Fusers", start)
	m.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "Ann@example.org", EmailVerified: true})
	res, body := signOn(t, b, start)
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	require.Equal(t, "/admin/users", res.Header.Get("Location"))
	me := decode[api.User](t, bodyOf(t, b, "/api/v1/users/current"))
	require.Equal(t, []string{"ann@example.org", "admin"}, []string{me.Name, me.Role})
	res, body = w.browser(t).send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "ann@example.org", Password: ""})
	refused(t, api.Unauthorized, res, body)

	p.Rules.Admins = nil
	m.QueueUser(&mockoidc.MockUser{Subject: "1", Email: "renamed@example.org", EmailVerified: true})
	again := w.browser(t)
	signOn(t, again, "/api/v1/oidc/start")
	me = decode[api.User](t, bodyOf(t, again, "/api/v1/users/current"))
	require.Equal(t, []string{"ann@example.org", "viewer"}, []string{me.Name, me.Role}, "the same person, with the role of the settings")
	res, body = b.send(t, http.MethodGet, "/api/v1/users/current", nil)
	refused(t, api.Unauthorized, res, body)
	w.staff(t) // with a password, as before
}

func TestWhoMayNotSignOnIsTold(t *testing.T) {
	w, m, _ := signingOn(t)
	m.QueueUser(&mockoidc.MockUser{Subject: "2", Email: "bob@elsewhere.org", EmailVerified: true})
	res, body := signOn(t, w.browser(t), "/api/v1/oidc/start")
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	require.Contains(t, body, "bob@elsewhere.org is not among those who may log in")
	res, _ = w.browser(t).open(t, "/api/v1/oidc/callback?state=x&code=y")
	require.Equal(t, http.StatusForbidden, res.StatusCode)

	staff := w.staff(t)
	staff.send(t, http.MethodPost, "/api/v1/users", api.NewUser{Name: "cleo@example.org", Role: "admin", Password: "the words of cleo"})
	m.QueueUser(&mockoidc.MockUser{Subject: "3", Email: "cleo@example.org", EmailVerified: true})
	res, body = signOn(t, w.browser(t), "/api/v1/oidc/start")
	require.Equal(t, http.StatusConflict, res.StatusCode, "nobody is taken over by an address")
	require.Contains(t, body, "with a password")
	res, _ = newWorld(t).browser(t).open(t, "/api/v1/oidc/start")
	require.Equal(t, http.StatusNotFound, res.StatusCode, "where there is no provider")
}

func TestWhoIsLetInNoLongerLosesSessionsAndTokens(t *testing.T) {
	w, m, p := signingOn(t)
	ann := &mockoidc.MockUser{Subject: "1", Email: "ann@example.org", EmailVerified: true}
	b := w.browser(t)
	m.QueueUser(ann)
	signOn(t, b, "/api/v1/oidc/start")
	res, body := b.send(t, http.MethodPost, "/api/v1/tokens", api.NewToken{Name: "ci"})
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	secret := decode[api.MadeToken](t, body).Secret
	m.QueueUser(&mockoidc.MockUser{Subject: "2", Email: "bob@elsewhere.org", EmailVerified: true})
	signOn(t, w.browser(t), "/api/v1/oidc/start")
	bodyOf(t, b, "/api/v1/users/current") // another one was refused

	p.Rules.Admins, p.Rules.Viewers = nil, nil
	m.QueueUser(ann)
	res, body = signOn(t, w.browser(t), "/api/v1/oidc/start")
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	require.Contains(t, body, "ann@example.org is not among those who may log in")
	res, body = b.send(t, http.MethodGet, "/api/v1/users/current", nil)
	refused(t, api.Unauthorized, res, body)
	res, body = w.browser(t).send(t, http.MethodGet, "/api/v1/users/current", nil, "Authorization", "Bearer "+secret)
	refused(t, api.Unauthorized, res, body)
	_, body = w.staff(t).send(t, http.MethodGet, "/api/v1/events?subject=ann@example.org", nil)
	require.Contains(t, body, "let it in no longer")
}

// Anybody may begin, and each beginning is kept.
func TestLogInsThatBeginAreCountedAndForgottenSoon(t *testing.T) {
	w, _, _ := signingOn(t)
	for i := range 60 {
		res, body := w.browser(t).open(t, "/api/v1/oidc/start")
		require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
		if i == 0 {
			require.Len(t, res.Cookies(), 1)
			require.Less(t, res.Cookies()[0].MaxAge, 16*60)
		}
	}
	res, _ := w.browser(t).open(t, "/api/v1/oidc/start")
	require.Equal(t, http.StatusTooManyRequests, res.StatusCode)
	require.NotEmpty(t, res.Header.Get("Retry-After"))
	w.Time = w.Time.Add(2 * time.Second)
	res, _ = w.browser(t).open(t, "/api/v1/oidc/start")
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
}
