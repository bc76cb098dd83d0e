package allocator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAWorkshopIsRefusedInWords(t *testing.T) {
	w := newWorld(t)
	for want, n := range map[string]api.NewWorkshop{
		"not one of gpu":   {Name: "x", Pool: "cpu", Seats: 1},
		"needs a name":     {Name: "  ", Pool: "gpu", Seats: 1},
		"between 1 and 10": {Name: "x", Pool: "gpu", Seats: 11},
	} {
		_, err := w.OpenWorkshop(t.Context(), "admin", n)
		require.Equal(t, api.Invalid, api.CodeOf(err))
		require.ErrorContains(t, err, want)
	}
}

func TestALaunchEndsWhenAllMachinesAreReady(t *testing.T) {
	w := newWorld(t)
	ws, op := w.Open(t, 3)
	require.Empty(t, w.RunAll(t))
	for _, m := range w.Machines(t, ws) {
		require.Equal(t, allocator.Booting, m.State)
		w.Boot(t, m)
	}
	o, err := w.Store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Succeeded, o.State)
	require.Equal(t, "3 of 3 machines are ready", o.Message)
}

func TestWhatCannotBeHadNowIsAskedForAgain(t *testing.T) {
	w := newWorld(t)
	w.EC2.Capacity = func(asked int) int { return (asked + 1) / 2 }
	ws, op := w.Open(t, 5)
	waits := w.RunAll(t)
	require.Equal(t, []string{"waiting for machines: g5.xlarge in us-west-2a: AWS has no such machine free at the moment"}, waits)
	for _, m := range w.Machines(t, ws) {
		require.NotEmpty(t, m.InstanceID)
		w.Boot(t, m)
	}
	require.Equal(t, 5, w.EC2.Alive())
	o, err := w.Store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Succeeded, o.State)
}

func TestALaunchWaitsForCapacityForAsLongAsItsMachinesAreWanted(t *testing.T) {
	w := newWorld(t)
	w.EC2.Capacity = func(int) int { return 0 }
	ws, op := w.Open(t, 2)
	began := w.Time
	waits := w.RunAll(t)
	require.Greater(t, w.Time.Sub(began), 30*time.Minute)
	require.Equal(t, []string{"waiting for machines: g5.xlarge in us-west-2a: AWS has no such machine free at the moment"}, waits)
	w.EC2.Capacity = nil
	w.Queued = []string{op.ID}
	require.Empty(t, w.RunAll(t))
	for _, m := range w.Machines(t, ws) {
		require.Equal(t, allocator.Booting, m.State)
	}
}

func TestWhatIsHopelessIsNotTriedAgain(t *testing.T) {
	for _, code := range []api.Code{api.Forbidden, api.Quota, api.Invalid} {
		w := newWorld(t)
		w.EC2.Err = api.Problemf(code, "AWS refuses", "the allocator's role does not allow it.")
		ws, op := w.Open(t, 2)
		require.Empty(t, w.RunAll(t))
		o, err := w.Store.Operation(t.Context(), op.ID)
		require.NoError(t, err)
		require.Equal(t, allocator.Failed, o.State, code)
		require.Contains(t, o.Message, "the allocator's role does not allow it")
		require.NoError(t, w.Reconcile(t.Context()))
		require.Empty(t, w.Queued)
		require.Equal(t, 1, w.EC2.Calls)
		ws, err = w.Store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Contains(t, ws.Trouble, "the allocator's role does not allow it")

		w.EC2.Err, w.Time = nil, ws.LaunchAfter
		require.NoError(t, w.Reconcile(t.Context()))
		w.RunAll(t)
		require.Equal(t, 2, w.EC2.Alive())
		ws, err = w.Store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Empty(t, ws.Trouble)
	}
}

func TestACrashBetweenLaunchAndBookkeepingLaunchesNothingTwice(t *testing.T) {
	w := newWorld(t)
	ws, op := w.Open(t, 3)
	w.EC2.Lost = errors.New("connection reset")
	require.Error(t, w.Run(t.Context(), op.ID))
	require.Equal(t, 3, w.EC2.Alive())
	w.EC2.Lost = nil
	w.Queued = nil
	require.NoError(t, w.Resume(t.Context()))
	require.Equal(t, []string{op.ID}, w.Queued)
	w.RunAll(t)
	require.Equal(t, 3, w.EC2.Alive())
	for _, m := range w.Machines(t, ws) {
		require.NotEmpty(t, m.InstanceID)
	}
}

func TestEndingAWorkshopEndsItsInstancesAlsoThoseThatComeLate(t *testing.T) {
	w := newWorld(t)
	ws, launch := w.Open(t, 2)
	w.EC2.Lost = errors.New("connection reset") // launched, but nobody has heard of it
	require.Error(t, w.Run(t.Context(), launch.ID))
	w.EC2.Lost = nil
	end, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), end.ID), &later)
	require.NoError(t, w.Run(t.Context(), launch.ID))
	require.ErrorAs(t, w.Run(t.Context(), end.ID), &later)
	require.Zero(t, w.EC2.Alive())
	w.EC2.Finish()
	require.NoError(t, w.Run(t.Context(), end.ID))
	for _, m := range w.Machines(t, ws) {
		require.Equal(t, allocator.Terminated, m.State)
	}
	o, err := w.Store.Operation(t.Context(), end.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Succeeded, o.State)
	unfinished, err := w.Store.Unfinished(t.Context())
	require.NoError(t, err)
	require.Empty(t, unfinished)
}

// What EC2 did not launch while it asked to go slower it does not launch afterwards,
// when nobody wants it any more.
func TestWhatIsNotWantedAnyMoreIsNotLaunched(t *testing.T) {
	for name, stop := range map[string]func(*allocatortest.World, allocator.Workshop, allocator.Operation) error{
		"ended": func(w *allocatortest.World, ws allocator.Workshop, _ allocator.Operation) error {
			_, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
			return err
		},
		"cancelled": func(w *allocatortest.World, _ allocator.Workshop, op allocator.Operation) error {
			_, err := w.CancelOperation(t.Context(), "admin", op.ID)
			return err
		},
	} {
		for _, asked := range []bool{true, false} {
			w := newWorld(t)
			ws, op := w.Open(t, 3)
			if asked {
				w.EC2.Err = api.Problemf(api.Unavailable, "AWS refuses", "it asks to go slower.")
				require.Error(t, w.Run(t.Context(), op.ID))
			} else { // the allocator was stopped before
				_, _, err := w.Store.BeginAttempt(t.Context(), op.ID, w.Time)
				require.NoError(t, err)
			}
			require.NoError(t, stop(w, ws, op))
			w.EC2.Err = nil
			for range 3 {
				require.NoError(t, w.Resume(t.Context()))
				w.RunAll(t)
			}
			require.Empty(t, w.EC2.All, "%s, asked: %v", name, asked)
			for _, m := range w.Machines(t, ws) {
				require.Equal(t, allocator.Terminated, m.State, name)
			}
			unfinished, err := w.Store.Unfinished(t.Context())
			require.NoError(t, err)
			require.Empty(t, unfinished, name)
		}
	}
}

// Else it would be looked for until the clock is there again.
func TestWhatIsNotWantedAnyMoreIsLetGoAlsoWhereTheClockWentBack(t *testing.T) {
	w := newWorld(t)
	ws, op := w.Open(t, 1)
	w.EC2.Err = errors.New("connection refused")
	require.Error(t, w.Run(t.Context(), op.ID))
	w.Time = w.Time.Add(-3 * time.Hour)
	end, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	require.NoError(t, w.Run(t.Context(), op.ID))
	require.NoError(t, w.Run(t.Context(), end.ID))
	require.Equal(t, allocator.Terminated, w.Machines(t, ws)[0].State)
}

func TestOneMachineIsEndedAndItsParticipantWaitsForAnother(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	_, err = w.TerminateMachine(t.Context(), "admin", m.ID)
	require.NoError(t, err)
	seat, err := w.SeatOf(t.Context(), claimed.Token)
	require.NoError(t, err)
	require.Equal(t, []any{allocator.SeatQueued, 1, "it was ended by admin"}, []any{seat.State, seat.Position, seat.Note})
	_, err = w.TerminateMachine(t.Context(), "admin", m.ID)
	require.Equal(t, api.Conflict, api.CodeOf(err))
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	other := w.Machines(t, ws)[0]
	if other.ID == m.ID {
		other = w.Machines(t, ws)[1]
	}
	w.Boot(t, other)
	seat, err = w.SeatOf(t.Context(), claimed.Token)
	require.NoError(t, err)
	require.Equal(t, other.ID, seat.MachineID)
}

// A history of launches and endings in which any call to EC2 may be lost or
// refused, its list is late and releases change ends with as many instances alive as machines that hold one.
func TestLostCallsLeaveNoOrphans(t *testing.T) {
	w := newWorld(t)
	rapid.Check(t, func(r *rapid.T) {
		ctx := context.Background()
		ws, err := w.OpenWorkshop(ctx, "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: rapid.IntRange(1, 3).Draw(r, "seats")})
		require.NoError(r, err)
		ended := false
		for range rapid.IntRange(1, 12).Draw(r, "steps") {
			w.EC2.Lost, w.EC2.Capacity, w.EC2.Err = nil, nil, nil
			w.EC2.Delay = time.Duration(rapid.IntRange(0, 4).Draw(r, "listed after")) * time.Minute
			w.EC2.Settings = rapid.SampledFrom([]string{"old", "new"}).Draw(r, "settings")
			w.Time = w.Time.Add(time.Duration(rapid.IntRange(0, 6).Draw(r, "minutes")) * time.Minute)
			w.EC2.Err = rapid.SampledFrom([]error{
				nil, nil, nil, nil,
				api.Problemf(api.Forbidden, "AWS refuses", "no."), api.Problemf(api.Unavailable, "AWS refuses", "slower."), errors.New("connection refused"),
			}).Draw(r, "refused")
			if rapid.Bool().Draw(r, "lost") {
				w.EC2.Lost = errors.New("connection reset")
			}
			if rapid.Bool().Draw(r, "short") {
				w.EC2.Capacity = func(asked int) int { return asked - 1 }
			}
			if !ended && rapid.IntRange(0, 3).Draw(r, "end") == 0 {
				ended = true
				_, err := w.EndWorkshop(ctx, "admin", ws.ID)
				require.NoError(r, err)
			}
			_ = w.Run(ctx, rapid.SampledFrom(w.Queued).Draw(r, "operation"))
		}
		w.EC2.Lost, w.EC2.Capacity, w.EC2.Err = nil, nil, nil
		if !ended {
			_, err := w.EndWorkshop(ctx, "admin", ws.ID)
			require.NoError(r, err)
		}
		for range 20 {
			for _, op := range w.Queued {
				_ = w.Run(ctx, op)
			}
			require.NoError(r, w.Observe(ctx))
			w.EC2.Finish()
			w.Time = w.Time.Add(time.Minute)
		}
		require.Zero(r, w.EC2.Alive(), "instances that nobody ends")
		unfinished, err := w.Store.Unfinished(ctx)
		require.NoError(r, err)
		require.Empty(r, unfinished)
		w.Queued = nil
	})
}
