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

// closing is a store during whose changes the browser that asked goes away.
type closing struct {
	allocator.Store
	gone context.CancelFunc
}

func (c closing) OpenWorkshop(ctx context.Context, w allocator.Workshop, roster []string) error {
	defer c.gone()
	return c.Store.OpenWorkshop(ctx, w, roster)
}

func (c closing) EndWorkshop(ctx context.Context, id string, op allocator.Operation, why string) error {
	defer c.gone()
	return c.Store.EndWorkshop(ctx, id, op, why)
}

func (c closing) TerminateMachine(ctx context.Context, seen allocator.Machine, op allocator.Operation, why string) error {
	defer c.gone()
	return c.Store.TerminateMachine(ctx, seen, op, why)
}

func TestWhatWasAskedForGoesOnWhenTheBrowserIsClosed(t *testing.T) {
	w := newWorld(t)
	store := w.Store
	impatient := func() context.Context {
		ctx, gone := context.WithCancel(t.Context())
		w.Through(closing{store, gone})
		w.Queued = nil
		return ctx
	}
	recorded := func(op allocator.Operation, action string) {
		t.Helper()
		require.Equal(t, []string{op.ID}, w.Queued)
		events, err := store.Events(t.Context(), allocator.EventQuery{Limit: 1})
		require.NoError(t, err)
		require.Equal(t, action, events[0].Action)
	}
	ws, err := w.OpenWorkshop(impatient(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2})
	require.NoError(t, err)
	recorded(w.Launch(t, ws), "launch machines")
	op, err := w.TerminateMachine(impatient(), "admin", w.Machines(t, ws)[0].ID)
	require.NoError(t, err)
	recorded(op, "terminate machine")
	op, err = w.EndWorkshop(impatient(), "admin", ws.ID)
	require.NoError(t, err)
	recorded(op, "end workshop")
}

// broken is a queue that takes nothing.
type broken struct{}

func (broken) Enqueue(context.Context, string) error { return errors.New("the disk is full") }

func TestAnOperationThatCouldNotBeQueuedIsQueuedAtTheNextTick(t *testing.T) {
	w := newWorld(t)
	w.Queue = broken{}
	_, op := w.Open(t, 1)
	require.Empty(t, w.Queued)
	w.Queue = w
	ticks := make(chan time.Time)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.Watch(ctx, ticks); close(done) }()
	for range 3 { // a tick is taken only once the one before it is done with
		ticks <- w.Time
	}
	stop()
	<-done
	require.Equal(t, []string{op.ID}, w.Queued)
}
