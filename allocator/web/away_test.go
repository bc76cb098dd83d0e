package web_test

import (
	"bufio"
	"context"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres"
	"github.com/talmolab/lablink-infrastructure/allocator/postgres/pgtest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// onServer is an allocator on a PostgreSQL of the test's own, which may go away.
func onServer(t *testing.T, change ...func(*web.Config)) (*world, *pgtest.Server) {
	t.Helper()
	pg, err := pgtest.Start(t.Context(), pgtest.Options{NoSync: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, pg.Stop()) })
	require.NoError(t, pg.Prepare(t.Context()))
	c := pg.Database(t)
	var store *sqlstore.Store
	in := allocatortest.On(t, func(t testing.TB) *sqlstore.Store {
		var err error
		store, err = postgres.Open(t.Context(), c)
		require.NoError(t, err)
		return store
	})
	ping := func(c *web.Config) { c.Checks[0].Check = store.Ping }
	return newWorldIn(t, in, append(change, ping)...), pg
}

// echo answers what it is told over a stream.
func echo(w http.ResponseWriter, r *http.Request) {
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return
	}
	defer ws.CloseNow()
	for {
		kind, said, err := ws.Read(r.Context())
		if err != nil || ws.Write(r.Context(), kind, said) != nil {
			return
		}
	}
}

// watched is what a live page was sent.
func watched(t *testing.T, b *browser, path string) *bufio.Reader {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, nil)
	require.NoError(t, err)
	res, err := b.Do(req)
	require.NoError(t, err)
	t.Cleanup(func() { _ = res.Body.Close() })
	require.Equal(t, http.StatusOK, res.StatusCode)
	return bufio.NewReader(res.Body)
}

// until reads events up to one that says all of that, which is returned.
func until(t *testing.T, events *bufio.Reader, says ...string) string {
	t.Helper()
	for {
		said := event(t, events)
		require.NotContains(t, said, "event: gone")
		if !slices.ContainsFunc(says, func(s string) bool { return !strings.Contains(said, s) }) {
			return said
		}
	}
}

// echoes makes sure that a desktop that is an echo answers what is typed.
func echoes(t *testing.T, desktop *websocket.Conn) {
	t.Helper()
	require.NoError(t, desktop.Write(t.Context(), websocket.MessageText, []byte("a key")))
	_, said, err := desktop.Read(t.Context())
	require.NoError(t, err)
	require.Equal(t, "a key", string(said))
}

func TestWhileTheDatabaseIsAwayPeopleWorkOnAndStaffReadsWhy(t *testing.T) {
	_, use := withMachines(t, echo)
	w, pg := onServer(t, use)
	ws := w.ReadyWorkshop(t, 1)
	ann, staff := w.browser(t), w.staff(t)
	join(t, ann, ws, "ann@example.org")
	desktop, _, err := websocket.Dial(t.Context(), w.url+"/desktop/stream", &websocket.DialOptions{HTTPClient: ann.Client})
	require.NoError(t, err)
	defer desktop.CloseNow()
	works := func() { echoes(t, desktop) }
	works()
	page, room, seat := watched(t, staff, "/admin/live"), watched(t, staff, "/admin/workshops/"+ws.ID+"/live"), watched(t, ann, "/seat/live")
	until(t, page, ws.ID)
	until(t, room, "ann@example.org")
	until(t, seat, "Machine ")

	require.NoError(t, pg.Halt(t.Context()))
	each(t, w, func(t *testing.T, route *routers.Route, path string) {
		res, body := staff.send(t, route.Method, path, bodies[route.Operation.OperationID])
		p := refused(t, api.Unavailable, res, body)
		require.Contains(t, p.Title, "database does not answer")
		require.Contains(t, p.Detail, "Try again in a minute")
		require.NotContains(t, body, "postgres", "its inside is for the log")
	})
	works()
	res, body := staff.open(t, "/admin")
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Contains(t, body, "Not ready: database.")
	until(t, page, "Not ready: database.")
	require.NotContains(t, until(t, room, "Not ready: database."), "ann@example.org", "what is there is not sent again")
	res, body = ann.open(t, "/seat")
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.NotContains(t, body, "Not ready", "it says nothing to a participant")
	res, _ = staff.send(t, http.MethodGet, "/readyz", nil)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	works()

	require.NoError(t, pg.Restart(t.Context()))
	res, body = staff.open(t, "/admin")
	require.Equal(t, http.StatusOK, res.StatusCode, "without a restart, nor another log-in: %s", body)
	require.NotContains(t, body, "Not ready")
	_, err = w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "After that", Pool: "gpu", Seats: 1})
	require.NoError(t, err)
	until(t, page, "After that")
	works()
	res, _ = ann.submit(t, "/seat/leave", seatOf(t, ann))
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, _, err = desktop.Read(ctx)
	require.Error(t, err)
	require.NoError(t, ctx.Err(), "and it is cut when it is given back")
}
