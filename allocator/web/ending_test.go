package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Nobody is cut off without a word, also where the machine does not answer.
func TestASeatSaysWhenItEndsAndWhatBecameOfIt(t *testing.T) {
	w := newWorld(t)
	w.Time = time.Now() // pages tell how long it is from now
	ws := w.ReadyWorkshop(t, 1)
	end := w.Time.Add(3 * time.Minute)
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{EndsAt: &end})
	require.NoError(t, err)
	b := w.browser(t)
	res, body := b.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	page := mustOpen(t, b, "/seat")
	require.Contains(t, page, "Not connected")
	require.Contains(t, page, "The workshop ends at")

	minutes := 60
	_, err = w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{SessionMinutes: &minutes})
	require.NoError(t, err)
	res, _ = b.submit(t, "/seat/leave", seatOf(t, b))
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	_, _ = b.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	page = mustOpen(t, b, "/seat")
	require.Contains(t, page, "The workshop ends at", "no more time helps")
	require.Contains(t, page, "Keep it longer")
	res, body = b.send(t, http.MethodPost, "/api/v1/seats/current/extend", nil)
	require.Contains(t, refused(t, api.Conflict, res, body).Title, "cannot end later")

	w.Time = end
	require.NoError(t, w.Reconcile(t.Context()))
	res, body = b.open(t, "/seat")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	require.Contains(t, body, "The workshop has ended")
}

func TestWhoSeemsToBeAwayIsAskedInTime(t *testing.T) {
	w := newWorld(t)
	w.Time = time.Now().Add(-30 * time.Minute)
	ws := w.ReadyWorkshop(t, 1)
	idle := 30
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{IdleMinutes: &idle})
	require.NoError(t, err)
	b := w.browser(t)
	b.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	require.NotContains(t, mustOpen(t, b, "/seat"), "I am here")
	w.Time = time.Now()
	m := w.Machines(t, ws)[0]
	require.NoError(t, w.Store.KeepHeard(t.Context(), m.ID, "b", w.Time.Add(-26*time.Minute), w.Time))
	page := mustOpen(t, b, "/seat")
	require.Contains(t, page, "given back at <time datetime=\""+w.Time.Add(4*time.Minute).UTC().Format(time.RFC3339))
	require.Contains(t, page, "I am here")
	res, body := b.submit(t, "/seat/extend", seatOf(t, b))
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	require.NotContains(t, mustOpen(t, b, "/seat"), "I am here")
}

// forgetful is a store whose database does not answer at the first look.
type forgetful struct {
	allocator.Store
	seats, workshops atomic.Int32 // how often each was looked at
}

func gone(looks *atomic.Int32) error {
	if looks.Add(1) == 1 {
		return api.Problemf(api.Unavailable, "The database does not answer", "Try again.")
	}
	return nil
}

func (a *forgetful) SeatByToken(ctx context.Context, token [32]byte) (allocator.Seat, error) {
	if err := gone(&a.seats); err != nil {
		return allocator.Seat{}, err
	}
	return a.Store.SeatByToken(ctx, token)
}

func (a *forgetful) OpenWorkshops(ctx context.Context) ([]allocator.Workshop, error) {
	if err := gone(&a.workshops); err != nil {
		return nil, err
	}
	return a.Store.OpenWorkshops(ctx)
}

func TestPagesGoOnWhenTheDatabaseIsBack(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	person, staff := w.browser(t), w.staff(t)
	res, body := person.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	w.Through(&forgetful{Store: w.Store})
	for path, b := range map[string]*browser{"/seat/live": person, "/admin/live": staff} {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, b.url+path, nil)
		require.NoError(t, err)
		res, err := b.Do(req)
		require.NoError(t, err)
		said := event(t, bufio.NewReader(res.Body))
		require.NoError(t, res.Body.Close())
		require.Contains(t, said, "data:", path)
		require.NotContains(t, said, "gone", path)
	}
}
