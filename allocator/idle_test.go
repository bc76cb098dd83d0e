package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestWhoDoesNothingForTooLongGivesTheMachineBack(t *testing.T) {
	w := newWorld(t)
	w.Sessions = allocator.SessionLimits{Idle: 10 * time.Minute, Warn: 5 * time.Minute}
	ws, _ := w.Open(t, 1)
	require.Equal(t, 10*time.Minute, ws.IdleLimit)
	w.RunAll(t)
	_, a := w.Boot(t, w.Machines(t, ws)[0])
	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	left := w.Time
	pass := func(d time.Duration, told bool) {
		w.Time = w.Time.Add(d)
		session := &api.SessionStatus{ID: claimed.Seat.Session()}
		if told {
			session.IdleSeconds = new(int(w.Time.Sub(left).Seconds()))
		}
		_, err := w.Report(t.Context(), a, api.Report{Health: api.Healthy, Session: session})
		require.NoError(t, err)
		require.NoError(t, w.Reconcile(t.Context()))
	}
	holds := func() error { _, err := w.SeatOf(t.Context(), claimed.Token); return err }
	pass(20*time.Minute, false)
	require.NoError(t, holds(), "unknown is not idle")
	left = w.Time
	pass(9*time.Minute, true)
	seat, err := w.SeatOf(t.Context(), claimed.Token)
	require.NoError(t, err)
	require.Equal(t, left.Add(10*time.Minute), seat.IdleEndsAt)

	again, err := w.Extend(t.Context(), claimed.Token)
	require.NoError(t, err, "who says so is there")
	require.Equal(t, w.Time.Add(10*time.Minute), again.IdleEndsAt)
	pass(9*time.Minute, true)
	require.NoError(t, holds())
	pass(2*time.Minute, true)
	require.ErrorContains(t, holds(), "nobody did anything there for too long")
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[0].State)
}

func TestAWorkshopSaysItsLimitsForItself(t *testing.T) {
	w := newWorld(t)
	w.Sessions = allocator.SessionLimits{Max: time.Hour, Idle: 30 * time.Minute, Warn: 5 * time.Minute}
	for _, c := range []struct {
		ask       api.NewWorkshop
		max, idle time.Duration
	}{
		{api.NewWorkshop{}, time.Hour, 30 * time.Minute},
		{api.NewWorkshop{SessionMinutes: 20, IdleMinutes: new(6)}, 20 * time.Minute, 6 * time.Minute},
		{api.NewWorkshop{IdleMinutes: new(0)}, time.Hour, 0},
	} {
		c.ask.Name, c.ask.Pool, c.ask.Seats = "Pose", "gpu", 1
		ws, err := w.OpenWorkshop(t.Context(), "admin", c.ask)
		require.NoError(t, err)
		require.Equal(t, []time.Duration{c.max, c.idle}, []time.Duration{ws.SessionLimit, ws.IdleLimit})
	}
	_, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, IdleMinutes: new(5)})
	require.Equal(t, api.Invalid, api.CodeOf(err))
	require.ErrorContains(t, err, "warned 5 minutes before")
	ws, _ := w.Store.OpenWorkshops(t.Context())
	changed, err := w.ChangeWorkshop(t.Context(), "admin", ws[0].ID, api.WorkshopChange{IdleMinutes: new(45)})
	require.NoError(t, err)
	require.Equal(t, 45*time.Minute, changed.IdleLimit)
}
