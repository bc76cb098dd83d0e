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

// What a clock that was ahead wrote down holds nothing up once it is right.
func TestWhatAClockThatWasAheadWroteDownIsWrittenAnew(t *testing.T) {
	const ahead = 90 * 24 * time.Hour
	w := newWorld(t)
	idle := 30
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2, IdleMinutes: &idle})
	require.NoError(t, err)
	w.RunAll(t)
	machines := w.Machines(t, ws)
	_, agent := w.Boot(t, machines[0])
	w.Boot(t, machines[1])
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	report := func(away time.Duration) {
		session := &api.SessionStatus{ID: c.Seat.Session(), IdleSeconds: new(int(away.Seconds()))}
		_, err := w.Report(t.Context(), agent, api.Report{Health: api.Healthy, Session: session})
		require.NoError(t, err)
	}
	right := w.Time
	w.Time, w.Clock = right.Add(ahead), func(context.Context) error { return errors.New("the clock jumped") }
	report(0)
	w.EC2.Set(allocator.InstanceGone, machines[1].InstanceID)
	w.EC2.Err = api.Problemf(api.Forbidden, "AWS refuses", "no.")
	require.NoError(t, w.Observe(t.Context()))
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	now, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.True(t, now.LaunchAfter.After(right.Add(ahead)), "it was refused")

	w.Time, w.Clock, w.EC2.Err = right.Add(time.Minute), nil, nil
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Equal(t, 2, w.EC2.Alive(), "a machine is launched, though it was put off to a day that is months away")
	m, err := w.Store.Machine(t.Context(), agent.MachineID)
	require.NoError(t, err)
	require.True(t, m.HeardAt.After(w.Time))
	for away := range 40 { // minutes
		w.Time = right.Add(time.Duration(2+away) * time.Minute)
		report(time.Duration(away) * time.Minute)
	}
	require.NoError(t, w.Reconcile(t.Context()))
	_, err = w.SeatOf(t.Context(), c.Token)
	require.Equal(t, api.NotFound, api.CodeOf(err), "who does nothing gives the machine back")
}
