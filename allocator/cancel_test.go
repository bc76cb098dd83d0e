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

func TestALaunchThatIsCancelledLaunchesNoMore(t *testing.T) {
	w := newWorld(t)
	w.EC2.Capacity = func(int) int { return 1 }
	ws, op := w.Open(t, 3)
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), op.ID), &later)
	w.EC2.Capacity = func(int) int { return 0 }
	got, err := w.CancelOperation(t.Context(), "ann", op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Running, got.State, "one of its machines boots")
	w.EC2.Capacity = nil
	w.RunAll(t)
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Equal(t, 1, w.EC2.Alive(), "neither it nor another operation launches")
	booting := ""
	for _, m := range w.Machines(t, ws) {
		if m.State == allocator.Booting {
			booting = m.ID
			w.Boot(t, m)
			continue
		}
		require.Equal(t, allocator.Terminated, m.State)
	}
	require.NotEmpty(t, booting)
	got, err = w.Store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, []any{allocator.Cancelled, "1 of 3 machines are ready: its launch was cancelled by ann"}, []any{got.State, got.Message})
	ws, err = w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, "its launch was cancelled by ann", ws.Trouble)
	_, err = w.CancelOperation(t.Context(), "ann", op.ID)
	require.Equal(t, api.Conflict, api.CodeOf(err))

	w.Time = w.Time.Add(15 * time.Minute)
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Equal(t, 3, w.EC2.Alive(), "its seats still want them")
}

func TestThatALaunchWasCancelledIsToldForAsLongAsItCounts(t *testing.T) {
	w := newWorld(t)
	w.EC2.Capacity = func(int) int { return 0 }
	ws, op := w.Open(t, 1)
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), op.ID), &later)
	_, err := w.CancelOperation(t.Context(), "ann", op.ID)
	require.NoError(t, err)
	w.RunAll(t)
	own(t, w, ws) // it lacks nothing any more
	for _, c := range []struct {
		after time.Duration
		want  string
	}{{14 * time.Minute, "its launch was cancelled by ann"}, {2 * time.Minute, ""}} {
		w.Time = w.Time.Add(c.after)
		require.NoError(t, w.Reconcile(t.Context()))
		got, err := w.Store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Equal(t, c.want, got.Trouble)
	}
}

func TestWhatACancelledLaunchBringsLateIsEnded(t *testing.T) {
	w := newWorld(t)
	_, op := w.Open(t, 2)
	w.EC2.Lost = errors.New("connection reset")
	require.Error(t, w.Run(t.Context(), op.ID))
	w.EC2.Lost = nil
	_, err := w.CancelOperation(t.Context(), "ann", op.ID)
	require.NoError(t, err)
	w.Queued = append(w.Queued, op.ID)
	for range 3 {
		for _, id := range w.Queued {
			_ = w.Run(t.Context(), id)
		}
		w.EC2.Finish()
	}
	require.Zero(t, w.EC2.Alive())
	got, err := w.Store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Cancelled, got.State)
	unfinished, err := w.Store.Unfinished(t.Context())
	require.NoError(t, err)
	require.Empty(t, unfinished)
}

func TestWhatCannotBeCancelledSaysWhy(t *testing.T) {
	w := newWorld(t)
	ws, op := w.Open(t, 1)
	w.RunAll(t)
	_, err := w.CancelOperation(t.Context(), "ann", op.ID)
	require.ErrorContains(t, err, "All its machines are launched")
	end, err := w.EndWorkshop(t.Context(), "ann", ws.ID)
	require.NoError(t, err)
	_, err = w.CancelOperation(t.Context(), "ann", end.ID)
	require.ErrorContains(t, err, "Only a launch can be cancelled")
	_, err = w.CancelOperation(t.Context(), "ann", "op_unknown")
	require.Equal(t, api.NotFound, api.CodeOf(err))
}

func TestALaunchThatIsCancelledIsNotAskedForAgainSoonerAsEC2RefusesIt(t *testing.T) {
	w := newWorld(t)
	w.EC2.Capacity = func(int) int { return 0 }
	ws, op := w.Open(t, 1)
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), op.ID), &later)
	before, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	until := w.Time.Add(15 * time.Minute)
	require.NoError(t, w.Store.Postpone(t.Context(), before, "its launch was cancelled by ann", before.LaunchFailures, until))
	w.EC2.Err = api.Problemf(api.Quota, "The account may have no more", "Ask for more.")
	_ = w.Run(t.Context(), op.ID)
	got, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []any{until, "its launch was cancelled by ann"}, []any{got.LaunchAfter, got.Trouble})
}

// meanwhile does something while a plan is made.
type meanwhile struct {
	allocator.Store
	do func()
}

func (m meanwhile) LiveSeats(ctx context.Context) (map[string]int, error) {
	m.do()
	return m.Store.LiveSeats(ctx)
}

func TestAPauseThatBeginsWhileAPlanIsMadeIsKept(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 10)
	ws2, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Track", Pool: "gpu", Seats: 1, StartsAt: new(w.Time.Add(time.Hour))})
	require.NoError(t, err)
	until := w.Time.Add(2 * time.Hour)
	w.Time = w.Time.Add(time.Hour)
	store := w.Store
	w.Through(meanwhile{store, func() {
		require.NoError(t, store.Postpone(t.Context(), ws2, "its launch was cancelled by ann", 0, until))
	}})
	require.NoError(t, w.Reconcile(t.Context()))
	got, err := store.Workshop(t.Context(), ws2.ID)
	require.NoError(t, err)
	require.Equal(t, []any{until, "its launch was cancelled by ann"}, []any{got.LaunchAfter, got.Trouble})
	require.Len(t, w.Machines(t, ws), 10)
}

// read does something after a workshop is read, and before it is changed.
type read struct {
	allocator.Store
	after func()
}

func (r read) Workshop(ctx context.Context, id string) (allocator.Workshop, error) {
	w, err := r.Store.Workshop(ctx, id)
	r.after()
	return w, err
}

func TestAPauseThatBeginsWhileAnotherDoesIsKept(t *testing.T) {
	for name, refusal := range map[string]error{"AWS refuses": api.Problemf(api.Quota, "The account may have no more", "Ask for more."), "EC2 gives machines": nil} {
		w := newWorld(t)
		w.EC2.Capacity = func(int) int { return 0 }
		ws, op := w.Open(t, 2)
		var later *allocator.Later
		require.ErrorAs(t, w.Run(t.Context(), op.ID), &later)
		w.EC2.Capacity, w.EC2.Err = func(int) int { return 1 }, refusal
		store, until := w.Store, w.Time.Add(15*time.Minute)
		seen, err := store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		reads := 0
		w.Through(read{store, func() {
			if reads++; reads == 2 { // the first is for what EC2 is asked
				require.NoError(t, store.Postpone(t.Context(), seen, "its launch was cancelled by ann", 0, until))
			}
		}})
		_ = w.Run(t.Context(), op.ID) // says when again
		require.Greater(t, reads, 1, name)
		got, err := store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Equal(t, []any{"its launch was cancelled by ann", until}, []any{got.Trouble, got.LaunchAfter}, name)
	}
}
