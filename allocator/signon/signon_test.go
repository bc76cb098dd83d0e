package signon_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/oauth2-proxy/mockoidc"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/signon"
	"github.com/talmolab/lablink-infrastructure/api"
)

const redirect = "http://127.0.0.1:1/api/v1/oidc/callback"

// institution runs a provider, and makes what asks it.
func institution(t *testing.T) (*mockoidc.MockOIDC, *signon.Provider) {
	t.Helper()
	m, err := mockoidc.Run()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, m.Shutdown()) })
	return m, &signon.Provider{
		Issuer: m.Issuer(), ClientID: m.ClientID, Secret: func(context.Context) (string, error) { return m.ClientSecret, nil },
		Rules: signon.Rules{Admins: []string{"ann@example.org"}, Instructors: []string{"teachers"}, Viewers: []string{"@example.org"}, GroupsClaim: "groups"},
	}
}

// visit logs in at the provider, as a browser does that is sent there, and says what it
// comes back with.
func visit(t *testing.T, to string) (state, code string) {
	t.Helper()
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Get(to)
	require.NoError(t, err)
	defer res.Body.Close()
	back, err := url.Parse(res.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, "/api/v1/oidc/callback", back.Path)
	return back.Query().Get("state"), back.Query().Get("code")
}

func TestWhoLogsInAtTheProviderGetsTheRoleOfTheSettings(t *testing.T) {
	m, p := institution(t)
	names := map[string]string{}
	for _, c := range []struct {
		user mockoidc.MockUser
		role allocator.Role
		says string
	}{
		{mockoidc.MockUser{Subject: "1", Email: "Ann@example.org", EmailVerified: true}, allocator.Admin, ""},
		{mockoidc.MockUser{Subject: "2", Email: "bob@elsewhere.org", Groups: []string{"x", "teachers"}}, allocator.Instructor, ""},
		{mockoidc.MockUser{Subject: "3", Email: "cleo@example.org", EmailVerified: true}, allocator.Viewer, ""},
		{mockoidc.MockUser{Subject: "4", Email: "ann@example.org"}, "", "does not say that your e-mail address is yours"},
		{mockoidc.MockUser{Subject: "5", Email: "dan@elsewhere.org", EmailVerified: true, Groups: []string{"@example.org"}}, "", "not among those"},
		{mockoidc.MockUser{Subject: "8", Email: "ann@example.org", Groups: []string{"teachers"}}, allocator.Instructor, ""},
		{mockoidc.MockUser{Subject: "7", Email: "teachers", EmailVerified: true}, "", "does not say your e-mail"},
		{mockoidc.MockUser{Subject: "", Email: "ann@example.org", EmailVerified: true}, "", "does not say who you are"},
		{mockoidc.MockUser{Subject: "6", Groups: []string{"teachers"}}, allocator.Instructor, ""},
		{mockoidc.MockUser{Subject: "9"}, "", "does not say your e-mail"},
	} {
		m.QueueUser(&c.user)
		to, flow, err := p.Begin(t.Context(), redirect)
		require.NoError(t, err)
		state, code := visit(t, to)
		who, err := p.Finish(t.Context(), flow, redirect, state, code)
		if c.says != "" {
			require.Equal(t, api.Forbidden, api.CodeOf(err))
			require.ErrorContains(t, err, c.says)
			continue
		}
		require.NoError(t, err, c.user.Subject)
		require.Equal(t, c.role, who.Role)
		require.Equal(t, m.Issuer()+"#"+c.user.Subject, who.Subject)
		names[who.Name] = c.user.Subject
		if c.user.EmailVerified {
			require.Equal(t, strings.ToLower(c.user.Email), who.Name)
		} else {
			require.Regexp(t, "^sso-[0-9a-f]{12}$", who.Name, "the address may be another one's")
		}
	}
	require.Len(t, names, 5, "each has a name of their own")
}

func TestWhatWasNotBegunHereIsNotFinished(t *testing.T) {
	_, p := institution(t)
	begin := func() (signon.Flow, string, string) {
		to, flow, err := p.Begin(t.Context(), redirect)
		require.NoError(t, err)
		state, code := visit(t, to)
		return flow, state, code
	}
	for what, spoil := range map[string]func(f *signon.Flow, state, code *string){
		"another state":   func(_ *signon.Flow, state, _ *string) { *state = "x" },
		"no state at all": func(f *signon.Flow, state, _ *string) { f.State, *state = "", "" },
		"another nonce":   func(f *signon.Flow, _, _ *string) { f.Nonce = "x" },
		"another browser's proof": func(f *signon.Flow, _, _ *string) {
			f.Verifier = "another verifier that is as long as one has to be, 43"
		},
		"a code that was made up": func(_ *signon.Flow, _, code *string) { *code = "x" },
	} {
		flow, state, code := begin()
		spoil(&flow, &state, &code)
		_, err := p.Finish(t.Context(), flow, redirect, state, code)
		require.Equal(t, api.Forbidden, api.CodeOf(err), "%s: %v", what, err)
	}
	var none signon.Person
	require.Empty(t, none.Role)
}

func TestAProviderThatIsAwayIsAskedAgain(t *testing.T) {
	m, p := institution(t)
	issuer := p.Issuer
	p.Issuer = "http://127.0.0.1:1"
	_, _, err := p.Begin(t.Context(), redirect)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
	p.Issuer = issuer
	_, _, err = p.Begin(t.Context(), redirect)
	require.NoError(t, err)
	require.NotEmpty(t, m.ClientID)
}

// Whoever opens the page to log in reads no secret, and waits for no provider for ever.
func TestALogInThatIsBegunTakesLittle(t *testing.T) {
	_, p := institution(t)
	p.Secret = func(context.Context) (string, error) { return "", errors.New("the secret was read") }
	_, _, err := p.Begin(t.Context(), redirect)
	require.NoError(t, err)

	silent := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }))
	defer silent.Close()
	away := &signon.Provider{Issuer: silent.URL, HTTP: &http.Client{Timeout: time.Millisecond}}
	_, _, err = away.Begin(t.Context(), redirect)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
}
