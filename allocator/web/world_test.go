package web_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMain(m *testing.M) {
	// scs starts with a store in memory whose goroutine nothing can stop.
	goleak.VerifyTestMain(covering{m}, goleak.IgnoreTopFunction("github.com/alexedwards/scs/v2/memstore.(*MemStore).startCleanup"))
}

const password = "a very good password"

// world is an allocator behind a real server.
type world struct {
	*allocatortest.World
	url     string
	handler http.Handler
	broken  error // what the one check says
	rollout api.Rollout
	stop    func() // tells it to stop
}

func newWorld(t *testing.T, change ...func(*web.Config)) *world {
	t.Helper()
	return newWorldIn(t, allocatortest.New(t), change...)
}

// newWorldIn is the same in a world of the test's.
func newWorldIn(t *testing.T, in *allocatortest.World, change ...func(*web.Config)) *world {
	t.Helper()
	w := &world{World: in}
	guard := access.New(w.Store, w.Now)
	require.NoError(t, guard.Ensure(t.Context(), password))
	ctx, stop := context.WithCancel(context.Background())
	w.stop = stop
	config := web.Config{
		Service: w.Service, Guard: guard, Sessions: w.Store.(*sqlstore.Store), Version: "v1", Release: strings.Repeat("a", 64),
		Rollout: func() api.Rollout { return w.rollout },
		Tunnel: func(rw http.ResponseWriter, _ *http.Request, machine string) {
			_, _ = io.WriteString(rw, "tunnel of "+machine)
		},
		Checks: []web.NamedCheck{{Name: "database", Check: func(context.Context) error { return w.broken }}},
		Log:    slog.New(slog.DiscardHandler),
	}
	for _, c := range change {
		c(&config)
	}
	handler, err := web.New(ctx, config)
	require.NoError(t, err)
	w.handler = handler
	server := httptest.NewServer(handler)
	w.url = server.URL
	t.Cleanup(func() {
		stop()
		server.Close()
		http.DefaultTransport.(*http.Transport).CloseIdleConnections()
	})
	return w
}

// browser keeps cookies and does not follow redirects.
type browser struct {
	*http.Client
	url string
}

func (w *world) browser(t *testing.T) *browser {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	transport := checking{t, describe(t, w.handler), http.DefaultTransport}
	return &browser{url: w.url, Client: &http.Client{Transport: transport, Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
}

// staff is a browser that is logged in.
func (w *world) staff(t *testing.T) *browser {
	t.Helper()
	b := w.browser(t)
	res, _ := b.send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: password})
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	return b
}

// send calls the API.
func (b *browser) send(t *testing.T, method, path string, in any, header ...string) (*http.Response, string) {
	t.Helper()
	var body io.Reader
	if in != nil {
		raw, ok := in.(string)
		if !ok {
			encoded, err := json.Marshal(in)
			require.NoError(t, err)
			raw = string(encoded)
		}
		body = strings.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, b.url+path, body)
	require.NoError(t, err)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	return b.do(t, req)
}

// submit posts a form, as a page does.
func (b *browser) submit(t *testing.T, path string, form url.Values) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, b.url+path, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", "text/html")
	return b.do(t, req)
}

// open opens a page.
func (b *browser) open(t *testing.T, path string) (*http.Response, string) {
	t.Helper()
	return b.send(t, http.MethodGet, path, nil, "Accept", "text/html")
}

func (b *browser) do(t *testing.T, req *http.Request) (*http.Response, string) {
	t.Helper()
	res, err := b.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res, string(raw)
}

// refused requires a problem of a code and returns it.
func refused(t *testing.T, code api.Code, res *http.Response, body string) api.Problem {
	t.Helper()
	require.Equal(t, code.Status(), res.StatusCode, body)
	require.Equal(t, "application/problem+json", res.Header.Get("Content-Type"), body)
	var p api.Problem
	require.NoError(t, json.Unmarshal([]byte(body), &p), body)
	require.Equal(t, code, p.Code, body)
	require.NotEmpty(t, p.Title)
	return p
}

func decode[T any](t *testing.T, body string) T {
	t.Helper()
	var v T
	require.NoError(t, json.Unmarshal([]byte(body), &v), body)
	return v
}
