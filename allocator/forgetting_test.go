package allocator_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

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
	log("before")
	var trouble error
	w.Clock = func(context.Context) error { return trouble }
	for _, jump := range []time.Duration{31 * 24 * time.Hour, -365 * 24 * time.Hour} {
		trouble = errors.New("the clock jumped")
		w.Time = w.Time.Add(jump)
		log("meanwhile")
		require.NoError(t, w.Forget(t.Context()))
		w.Time, trouble = w.Time.Add(-jump), nil
		require.NoError(t, w.Forget(t.Context()))
	}
	require.Equal(t, []string{"before", "meanwhile", "meanwhile"}, texts())
	w.Time = w.Time.Add(30*24*time.Hour + time.Second)
	log("after")
	require.Len(t, texts(), 4, "a batch takes nothing of others away")
	require.NoError(t, w.Forget(t.Context()))
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
	watch := func() int {
		ctx, stop := context.WithCancel(t.Context())
		ticks, done := make(chan time.Time), make(chan struct{})
		go func() {
			defer close(done)
			w.Watch(ctx, ticks)
		}()
		for range 2 { // the first is done once the second is taken
			ticks <- w.Time
		}
		stop()
		<-done
		page, err := w.Logs(t.Context(), m.ID, 0)
		require.NoError(t, err)
		return len(page.Lines)
	}
	w.EC2.Unheard = errors.New("no route to host")
	require.Equal(t, 1, watch())
	w.EC2.Unheard = nil
	require.Zero(t, watch())
}
