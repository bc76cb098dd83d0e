package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// machines leads to one agent, whichever machine is asked for.
type machines struct {
	agent *url.URL
	asked string // the machine that was asked for last
	fails error
}

func (m *machines) RoundTrip(r *http.Request) (*http.Response, error) {
	if m.fails != nil {
		return nil, m.fails
	}
	r.URL.Host = m.agent.Host
	return http.DefaultTransport.RoundTrip(r)
}

func withMachines(t *testing.T, agent http.HandlerFunc) (*machines, func(*web.Config)) {
	t.Helper()
	server := httptest.NewServer(agent)
	t.Cleanup(server.Close)
	at, err := url.Parse(server.URL)
	require.NoError(t, err)
	m := &machines{agent: at}
	return m, func(c *web.Config) {
		c.Machine = func(machine string) http.RoundTripper { m.asked = machine; return m }
	}
}

func TestADesktopIsItsParticipantsAlone(t *testing.T) {
	m, use := withMachines(t, func(w http.ResponseWriter, r *http.Request) {
		raw, _ := json.Marshal(r.Header)
		_, _ = io.WriteString(w, r.URL.Path+" "+string(raw))
	})
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	ann, bob := w.browser(t), w.browser(t)
	ask := func(b *browser) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/desktop/a/b", nil)
		require.NoError(t, err)
		r.Header.Set("Lablink-View", "all")
		r.Header.Set("Authorization", "Bearer of-the-allocator")
		r.Header.Set("X-Forwarded-For", "10.0.0.1")
		res, err := b.Do(r)
		require.NoError(t, err)
		defer res.Body.Close()
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		return res.StatusCode, string(body)
	}
	status, _ := ask(ann)
	require.Equal(t, http.StatusNotFound, status, "who holds no seat")
	require.Empty(t, m.asked)
	join(t, ann, ws, "ann@example.org")
	status, body := ask(ann)
	require.Equal(t, http.StatusOK, status)
	require.Equal(t, w.Machines(t, ws)[0].ID, m.asked)
	require.Contains(t, body, "/desktop/a/b {")
	for _, name := range []string{"Lablink-View", "Authorization", "Cookie", "X-Forwarded-For"} {
		require.NotContains(t, body, name, "a browser's word is not the allocator's, and its secrets are not for machines")
	}
	m.asked = ""
	staff := w.staff(t)
	join(t, staff, ws, "admin@example.org")
	status, body = ask(staff)
	require.Equal(t, http.StatusForbidden, status, "a page of a machine's would act in staff's name")
	require.Contains(t, body, "another browser")
	require.Empty(t, m.asked)
	join(t, bob, ws, "bob@example.org")
	status, _ = ask(bob)
	require.Equal(t, http.StatusConflict, status, "who waits has no machine yet")
	require.Empty(t, m.asked)

	for _, m.fails = range []error{allocator.NotConnected(), io.ErrUnexpectedEOF} {
		status, body = ask(ann)
		require.Equal(t, http.StatusServiceUnavailable, status)
		require.Contains(t, body, "Try again in a few seconds")
	}
}

// The page of a desktop that was opened before would act in the name of who logs in after.
func TestNobodyLogsInWhereADesktopMayBeOpen(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	w.Agents.Connect(w.Machines(t, ws)...)
	ann, bob := w.browser(t), w.browser(t)
	join(t, ann, ws, "ann@example.org")
	join(t, bob, ws, "bob@example.org")
	in := api.Session{User: "admin", Password: password}
	res, body := ann.send(t, http.MethodPost, "/api/v1/sessions", in)
	refused(t, api.Forbidden, res, body)
	require.Contains(t, body, "Leave the seat on its page, /seat")
	res, page := ann.submit(t, "/admin/login", url.Values{"user": {in.User}, "password": {in.Password}})
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	require.Contains(t, page, "log in with another browser")
	res, body = ann.send(t, http.MethodGet, "/api/v1/users/current", nil)
	refused(t, api.Unauthorized, res, body)

	res, _ = bob.send(t, http.MethodPost, "/api/v1/sessions", in)
	require.Equal(t, http.StatusNoContent, res.StatusCode, "who waits has no machine")
	res, _ = ann.send(t, http.MethodDelete, "/api/v1/seats/current", nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	res, _ = ann.send(t, http.MethodPost, "/api/v1/sessions", in)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
}

func TestAStreamToADesktopIsOpenedByItsOwnPageAlone(t *testing.T) {
	_, use := withMachines(t, func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		kind, said, err := ws.Read(r.Context())
		if err == nil {
			_ = ws.Write(r.Context(), kind, said)
		}
	})
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	dial := func(origin string) (*websocket.Conn, *http.Response, error) {
		return websocket.Dial(t.Context(), w.url+"/desktop/stream", &websocket.DialOptions{HTTPClient: ann.Client, HTTPHeader: http.Header{"Origin": {origin}}})
	}
	_, res, err := dial("https://evil.example")
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	stream, _, err := dial(w.url)
	require.NoError(t, err)
	defer stream.CloseNow()
	require.NoError(t, stream.Write(t.Context(), websocket.MessageText, []byte("hello")))
	_, said, err := stream.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, "hello", string(said))
}

func TestAReleaseCutsTheStreamsThatTheSeatGranted(t *testing.T) {
	_, use := withMachines(t, func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		_, _, _ = ws.Read(r.Context())
	})
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	stream, _, err := websocket.Dial(t.Context(), w.url+"/desktop/stream", &websocket.DialOptions{HTTPClient: ann.Client})
	require.NoError(t, err)
	defer stream.CloseNow()
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	require.NoError(t, w.Service.ReleaseSeat(t.Context(), "admin", seats[0].ID))
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _, err = stream.Read(ctx)
	require.Error(t, err)
	require.NoError(t, ctx.Err(), "the stream goes on after the release")
}

// Whoever has root on a machine chooses what it answers, and its page is beside those of
// staff.
func TestAMachineTellsABrowserNothingOfTheAllocator(t *testing.T) {
	_, use := withMachines(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Link", "</x>; rel=preload")
		w.WriteHeader(http.StatusEarlyHints)
		for _, name := range []string{"Set-Cookie", "Clear-Site-Data", "Service-Worker-Allowed", "Alt-Svc", "Access-Control-Allow-Origin", "Lablink-X", "Referrer-Policy"} {
			w.Header().Set(name, "evil=1")
		}
		w.Header().Set("Content-Type", "text/html")
		_, _ = io.WriteString(w, "<p>desktop")
	})
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	res, body := ann.open(t, "/desktop/a")
	require.Equal(t, "<p>desktop", body)
	require.Equal(t, "text/html", res.Header.Get("Content-Type"))
	raw, err := json.Marshal(res.Header)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "evil")
	require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'")
	require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"))

	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/desktop/worker.js", nil)
	require.NoError(t, err)
	r.Header.Set("Service-Worker", "script")
	refusal, err := ann.Do(r)
	require.NoError(t, err)
	defer refusal.Body.Close()
	require.Equal(t, http.StatusForbidden, refusal.StatusCode, "it would answer for the next machine, too")
}

func join(t *testing.T, b *browser, ws allocator.Workshop, email string) {
	t.Helper()
	res, body := b.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {email}})
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
}
