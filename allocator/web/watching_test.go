package web_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/viewer"
)

// watchable is a machine whose agent tells by its stream how it was asked, and a seat on it.
func watchable(t *testing.T) (*world, allocator.Workshop, allocator.Seat, *machines) {
	t.Helper()
	m, use := withMachines(t, func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		said, _ := json.Marshal(map[string]any{"path": r.URL.Path, "view": r.Header[api.ViewHeader], "cookie": r.Header["Cookie"]})
		_ = ws.Write(r.Context(), websocket.MessageText, said)
		_, _, _ = ws.Read(r.Context())
	})
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	join(t, w.browser(t), ws, "ann@example.org")
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	return w, ws, seats[0], m
}

func (w *world) watch(t *testing.T, by *browser, seat, origin string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	return w.see(t, by, seat, origin, "watch")
}

// see opens the stream of one way to see a desktop.
func (w *world) see(t *testing.T, by *browser, seat, origin, how string) (*websocket.Conn, *http.Response, error) {
	t.Helper()
	return websocket.Dial(t.Context(), w.url+"/admin/seats/"+seat+"/"+how+"/stream", &websocket.DialOptions{
		HTTPClient: by.Client, HTTPHeader: http.Header{"Origin": {origin}, api.ViewHeader: {"all"}},
	})
}

func TestStaffWatchesADesktopAndTheAgentIsToldThatTheyOnlyWatch(t *testing.T) {
	w, ws, seat, m := watchable(t)
	staff := w.staff(t)
	res, body := staff.open(t, "/admin/seats/"+seat.ID+"/watch")
	require.Contains(t, []int{http.StatusOK, http.StatusNotImplemented}, res.StatusCode, "it may be built without the viewer")
	require.Contains(t, body, "Desktop of ann@example.org")
	require.Contains(t, body, "/admin/workshops/"+ws.ID)
	require.Empty(t, m.asked, "no page of a machine's is shown where staff is logged in")
	last := func() string {
		events, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 1})
		require.NoError(t, err)
		return events[0].Action
	}
	require.NotEqual(t, "watch seat", last(), "nobody has seen anything yet")

	stream, _, err := w.watch(t, staff, seat.ID, w.url)
	require.NoError(t, err)
	defer stream.CloseNow()
	_, said, err := stream.Read(t.Context())
	require.NoError(t, err)
	require.JSONEq(t, `{"path": "/desktop/stream", "view": ["only"], "cookie": null}`, string(said))
	require.Equal(t, "watch seat", last())

	_, res, err = w.watch(t, staff, seat.ID, "https://evil.example")
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	_, res, err = w.watch(t, w.as(t, allocator.Viewer), seat.ID, w.url)
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	_, res, err = w.watch(t, w.browser(t), seat.ID, w.url)
	require.Error(t, err)
	require.NotEqual(t, http.StatusSwitchingProtocols, res.StatusCode, "nobody who is not logged in")
}

func TestStaffTakesOverADesktopAndTheAuditTellsIt(t *testing.T) {
	w, _, seat, _ := watchable(t)
	staff := w.staff(t)
	_, body := staff.open(t, "/admin/seats/"+seat.ID+"/watch")
	if viewer.Built() {
		require.Contains(t, body, ` data-view="watch"`)
		require.Contains(t, body, `href="/admin/seats/`+seat.ID+`/control"`)
		_, body = staff.open(t, "/admin/seats/"+seat.ID+"/control")
		require.Contains(t, body, `href="/admin/seats/`+seat.ID+`/watch"`)
		require.Contains(t, body, ` data-view="control"`)
	}
	stream, _, err := w.see(t, staff, seat.ID, w.url, "control")
	require.NoError(t, err)
	defer stream.CloseNow()
	_, said, err := stream.Read(t.Context())
	require.NoError(t, err)
	require.JSONEq(t, `{"path": "/desktop/stream", "view": ["control"], "cookie": null}`, string(said))
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, "control seat", events[0].Action)
	require.Equal(t, seat.ID, events[0].Subject)

	for _, by := range []*browser{w.as(t, allocator.Viewer), w.browser(t)} {
		_, res, err := w.see(t, by, seat.ID, w.url, "control")
		require.Error(t, err)
		require.NotEqual(t, http.StatusSwitchingProtocols, res.StatusCode)
	}
	_, res, err := w.see(t, staff, seat.ID, "https://evil.example", "control")
	require.Error(t, err)
	require.Equal(t, http.StatusForbidden, res.StatusCode)
}

func TestWatchingEndsWithTheSeatAndWithTheLogIn(t *testing.T) {
	for name, end := range map[string]func(w *world, staff *browser, seat string){
		"seat": func(w *world, _ *browser, seat string) {
			require.NoError(t, w.Service.ReleaseSeat(t.Context(), "admin", seat))
		},
		"log-in": func(_ *world, staff *browser, _ string) {
			res, _ := staff.send(t, http.MethodDelete, "/api/v1/sessions/current", nil)
			require.Equal(t, http.StatusNoContent, res.StatusCode)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w, _, seat, _ := watchable(t)
			staff := w.staff(t)
			stream, _, err := w.watch(t, staff, seat.ID, w.url)
			require.NoError(t, err)
			defer stream.CloseNow()
			end(w, staff, seat.ID)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for err = nil; err == nil; _, _, err = stream.Read(ctx) {
			}
			require.NoError(t, ctx.Err(), "the stream goes on")
			res, _ := staff.open(t, "/admin/seats/"+seat.ID+"/watch")
			require.NotEqual(t, http.StatusOK, res.StatusCode)
		})
	}
}

func TestTheViewerIsTheAllocatorsOwn(t *testing.T) {
	w := newWorld(t)
	res, err := http.Get(w.url + "/assets/viewer.css")
	require.NoError(t, err)
	defer res.Body.Close()
	_, err = io.Copy(io.Discard, res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.NotEmpty(t, res.Header.Get("ETag"))
}

func TestAMachineShowsStaffNothingButAStream(t *testing.T) {
	_, use := withMachines(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Header().Set("Location", "https://evil.example")
		_, _ = w.Write([]byte("<script src=stream></script>"))
	})
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	join(t, w.browser(t), ws, "ann@example.org")
	staff := w.staff(t)
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	res, body := staff.open(t, "/admin/seats/"+seats[0].ID+"/watch/stream")
	require.Equal(t, http.StatusUpgradeRequired, res.StatusCode)
	require.Empty(t, body)
	_, res, err = w.watch(t, staff, seats[0].ID, w.url)
	require.Error(t, err)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Empty(t, res.Header.Get("Location"))
	raw, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "script")
	require.Contains(t, string(raw), "cannot be watched now")
}

// A browser learns of a stream that is refused nothing but that.
func TestWhoCannotWatchIsToldWhy(t *testing.T) {
	var says http.HandlerFunc
	_, use := withMachines(t, func(w http.ResponseWriter, r *http.Request) { says(w, r) })
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	join(t, w.browser(t), ws, "ann@example.org")
	staff := w.staff(t)
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	ask := func() (*http.Response, string) {
		return staff.send(t, http.MethodGet, "/admin/seats/"+seats[0].ID+"/watch/stream", nil)
	}
	says = func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/desktop/stream", r.URL.Path)
		assert.Equal(t, []string{api.ViewOnly}, r.Header[api.ViewHeader])
		assert.Empty(t, r.Header["Cookie"])
		api.Problemf(api.Conflict, "Enough people watch this desktop", "Ask one of them to leave it.").Answer(w)
	}
	res, body := ask()
	p := refused(t, api.Unavailable, res, body)
	require.Equal(t, "Enough people watch this desktop", p.Title)
	require.Equal(t, "Ask one of them to leave it.", p.Detail)

	says = func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Set-Cookie", "a=b")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, "<script>")
	}
	res, body = ask()
	require.Contains(t, refused(t, api.Unavailable, res, body).Title, "cannot be watched now")
	require.Empty(t, res.Header["Set-Cookie"])
	require.NotContains(t, body, "script")
}

func TestNobodyWhoWatchesKeepsAnAllocatorFromStopping(t *testing.T) {
	w, _, seat, _ := watchable(t)
	stream, _, err := w.watch(t, w.staff(t), seat.ID, w.url)
	require.NoError(t, err)
	defer stream.CloseNow()
	_, _, err = stream.Read(t.Context())
	require.NoError(t, err)
	w.stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _, err = stream.Read(ctx)
	require.Error(t, err)
	require.NoError(t, ctx.Err(), "the stream goes on")
}
