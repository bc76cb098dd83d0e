package web_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Who waits sees without doing anything how the queue moves, when a machine is expected,
// and that it is there.
func TestAPlaceInTheQueueIsPushedWithWhenAMachineIsExpected(t *testing.T) {
	w := newWorld(t)
	w.Time = time.Now()
	ends := w.Time.Add(6 * time.Hour)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, EndsAt: &ends, SessionMinutes: 60})
	require.NoError(t, err)
	w.settle(t)
	ann, bob, cleo := w.browser(t), w.browser(t), w.browser(t)
	for i, b := range []*browser{ann, bob, cleo} {
		w.Time = w.Time.Add(time.Second) // who came first is first
		join(t, b, ws, []string{"ann", "bob", "cleo"}[i]+"@example.org")
		w.Settled()
	}
	annEnds := decode[api.Seat](t, bodyOf(t, ann, "/api/v1/seats/current")).EndsAt
	page, program := watched(t, cleo, "/seat/live"), watched(t, bob, "/api/v1/seats/current/events")
	told := func() api.Seat {
		t.Helper()
		_, data, _ := strings.Cut(event(t, program), "data: ")
		return decode[api.Live](t, strings.TrimSpace(data)).Seat
	}
	first := told()
	require.Equal(t, []any{"queued", 1}, []any{first.State, first.Position})
	require.Equal(t, *annEnds, *first.ExpectedAt, "the next machine is hers")
	until(t, page, "You are number 2 in the queue")

	ann.submit(t, "/seat/leave", seatOf(t, ann))
	until(t, page, "You are number 1 in the queue", "Your machine should be ready at about")
	for {
		if now := told(); now.State == "assigned" {
			require.NotEmpty(t, now.Machine)
			require.Nil(t, now.ExpectedAt)
			break
		}
	}
	bob.submit(t, "/seat/leave", seatOf(t, bob))
	until(t, page, "Machine mch_")
}

// A page whose stream begins anew, as it was hidden, or its computer asleep, loads itself again
// where nobody is logged in any more: a page to log in is nothing to a stream.
func TestAStreamOfWhoIsNotLoggedInSaysThatThePageIsGone(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	for _, path := range []string{"/admin/live", "/admin/workshops/" + ws.ID + "/live", "/admin/machines/" + w.Machines(t, ws)[0].ID + "/log/live"} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+path, nil)
		require.NoError(t, err)
		req.Header.Set("Accept", "text/event-stream")
		res, body := w.browser(t).do(t, req)
		require.Equal(t, []any{http.StatusOK, "text/event-stream"}, []any{res.StatusCode, res.Header.Get("Content-Type")}, path)
		require.Equal(t, "event: gone\ndata: \n\n", body)
	}
}
