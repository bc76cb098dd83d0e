package allocator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAClockThatCannotBeTrustedEndsNothing(t *testing.T) {
	w := newWorld(t)
	ends := w.Time.Add(2 * time.Hour)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2, EndsAt: &ends, SessionMinutes: 30})
	require.NoError(t, err)
	sc, err := w.AddSchedule(t.Context(), "admin", every("FREQ=DAILY", "2026-03-20T09:00"))
	require.NoError(t, err)
	w.RunAll(t)
	machines := w.Machines(t, ws)
	w.Boot(t, machines[0]) // the other one boots
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	trouble := errors.New("the clock jumped")
	w.Clock = func(context.Context) error { return trouble }
	for _, jump := range []time.Duration{365 * 24 * time.Hour, -365 * 24 * time.Hour} {
		before := w.Time
		w.Time = w.Time.Add(jump)
		require.NoError(t, w.Observe(t.Context()))
		require.NoError(t, w.Reconcile(t.Context()))
		got, err := w.Store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Equal(t, allocator.Open, got.State)
		seat, err := w.SeatOf(t.Context(), c.Token)
		require.NoError(t, err)
		require.Equal(t, allocator.SeatAssigned, seat.State)
		require.Equal(t, allocator.Booting, w.Machines(t, ws)[1].State)
		all, err := w.Store.Schedules(t.Context())
		require.NoError(t, err)
		require.Equal(t, sc.Through, all[0].Through, "nothing is missed")
		w.Time = before
	}
	trouble = nil
	w.Time = ends
	require.NoError(t, w.Reconcile(t.Context()), "it goes on by itself")
	got, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Ended, got.State)
}
