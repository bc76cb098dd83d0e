package gpu

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
)

// shut are events that were given back: NVML would crash if it were asked for them.
type shut struct{ Events }

func TestEventsThatWereGivenBackAreNotAskedFor(t *testing.T) {
	ctx, stop := context.WithCancel(t.Context())
	e := &ear{events: shut{}, ctx: ctx, stop: stop, closed: true}
	require.NotPanics(t, func() { e.wait(t.Context(), nil) })
}

// stuck are events of a driver that hangs.
type stuck struct{ mended chan struct{} }

func (s stuck) Next(context.Context) (Event, error) {
	<-s.mended
	return Event{}, ErrLost
}

func (stuck) Close() error { return nil }

func TestAWatchEndsAlsoWhereTheDriverDoesNot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithCancel(t.Context())
		defer stop()
		mended := make(chan struct{})
		defer close(mended)
		g := New(Config{Now: time.Now})
		g.ears <- &ear{events: stuck{mended}, ctx: ctx, stop: stop}
		time.AfterFunc(time.Minute, stop)
		began := time.Now()
		g.Watch(ctx)
		require.Equal(t, time.Minute+farewell, time.Since(began))
	})
}
