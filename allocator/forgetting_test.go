package allocator_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAClockThatCannotBeTrustedForgetsNothing(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	_, agent := w.Boot(t, m)
	texts := func() (out []string) {
		page, err := w.Logs(t.Context(), m.ID, 0)
		require.NoError(t, err)
		for _, line := range page.Lines {
			out = append(out, line.Text)
		}
		return out
	}
	number := int64(0)
	log := func(text string) {
		number++
		require.NoError(t, w.KeepLogs(t.Context(), agent, api.LogBatch{Run: "a", Number: number, Lines: []api.LogLine{{At: w.Time, Level: "info", Source: "agent", Text: text}}}))
	}
	forgets := func(want bool) {
		done, err := w.Forget(t.Context())
		require.NoError(t, err)
		require.Equal(t, want, done)
	}
	log("before")
	var trouble error
	w.Clock = func(context.Context) error { return trouble }
	for _, jump := range []time.Duration{31 * 24 * time.Hour, -365 * 24 * time.Hour} {
		trouble = errors.New("the clock jumped")
		w.Time = w.Time.Add(jump)
		log("meanwhile")
		forgets(false)
		w.Time, trouble = w.Time.Add(-jump), nil
		forgets(true)
	}
	require.Equal(t, []string{"before", "meanwhile", "meanwhile"}, texts())
	w.Time = w.Time.Add(30*24*time.Hour + time.Second)
	log("after")
	require.Len(t, texts(), 4, "a batch takes nothing of others away")
	forgets(true)
	require.Equal(t, []string{"after"}, texts())
}

func TestWhatIsTooOldIsForgottenOnlyOnceAWSHasSaidWhatTimeItIs(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	_, agent := w.Boot(t, m)
	require.NoError(t, w.KeepLogs(t.Context(), agent, api.LogBatch{Run: "a", Number: 1, Lines: []api.LogLine{{At: w.Time, Text: "old"}}}))
	w.Time = w.Time.Add(31 * 24 * time.Hour)
	kept := func() int {
		page, err := w.Logs(t.Context(), m.ID, 0)
		require.NoError(t, err)
		return len(page.Lines)
	}
	w.EC2.Unheard = errors.New("no route to host")
	watchOnce(t, w)
	require.Equal(t, 1, kept())
	w.EC2.Unheard = nil
	watchOnce(t, w)
	require.Zero(t, kept())
}

// cannotForget is a store that cannot forget for a while.
type cannotForget struct {
	allocator.Store
	fails atomic.Bool
	tries atomic.Int64
}

func (f *cannotForget) Forget(ctx context.Context, b allocator.Bygone, now time.Time) error {
	fails := f.fails.Load() // before it counts: what is let through after a count is not among those counted
	f.tries.Add(1)
	if fails {
		return errors.New("the database is away")
	}
	return f.Store.Forget(ctx, b, now)
}

func TestWhatCouldNotBeForgottenIsForgottenAtTheNextTick(t *testing.T) {
	w := newWorld(t)
	store := &cannotForget{Store: w.Store}
	w.Through(store)
	var trouble atomic.Bool
	w.Clock = func(context.Context) error {
		if trouble.Load() {
			return errors.New("the clock jumped")
		}
		return nil
	}
	ctx, stop := context.WithCancel(t.Context())
	ticks, done := make(chan time.Time), make(chan struct{})
	go func() { w.Watch(ctx, ticks); close(done) }()
	look := func() {
		for range 3 { // the second is begun and done in between
			ticks <- w.Time
		}
	}
	trouble.Store(true)
	look()
	require.Zero(t, store.tries.Load())
	store.fails.Store(true)
	trouble.Store(false)
	look()
	require.Positive(t, store.tries.Load())
	failed := store.tries.Load()
	store.fails.Store(false)
	look()
	require.Greater(t, store.tries.Load(), failed)
	tried := store.tries.Load()
	look()
	require.Equal(t, tried, store.tries.Load(), "an hour has not passed")
	stop()
	<-done
}
