package agent_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestATunnelThatBreaksIsBackWithinASecond(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		for range 5 {
			after(time.Minute)
			w.allocator.change(w.allocator.breakTunnels)
			after(time.Second)
			assert.Equal(t, 1, w.allocator.now().open, "tunnels")
		}
		assert.Equal(t, 5, w.logs.count("level=WARN", "the tunnel broke"), "each is a new trouble")
	})
}

func TestATunnelIsBackWithinFiveSecondsOfAShortRestart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(time.Hour)
		w.allocator.goAway()
		after(3 * time.Second)
		w.allocator.change(func() { w.allocator.away = false })
		after(2 * time.Second)
		assert.Equal(t, 1, w.allocator.now().open, "tunnels")
	})
}

func TestATunnelThatKeepsBreakingIsOpenedMoreAndMoreSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		for range 3600 {
			after(time.Second)
			w.allocator.change(w.allocator.breakTunnels)
		}
		assert.Less(t, w.allocator.now().dialled, 150, "in an hour")
		assert.Equal(t, 1, w.logs.count("level=WARN", "the tunnel broke"))
	})
}

func TestARefusedTunnelDoesNotStopReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.allocator.noTunnels = api.Problemf(api.Forbidden, "No tunnels", "the machine is draining")
		w.start(t)
		after(time.Hour)
		assert.Len(t, w.allocator.now().reports, 121)
		assert.Equal(t, 1, w.logs.count("level=WARN", "the machine is draining"))
		assert.GreaterOrEqual(t, w.allocator.now().dialled, 60)
	})
}

func TestATunnelGoesOnUntilTheOneInItsPlaceIsOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(time.Minute)
		first := w.allocator.tunnels[0]
		w.allocator.change(func() { w.allocator.noTunnels = api.Problemf(api.Unavailable, "Stopping", "ask another one") })
		close(first.moving)
		after(5 * time.Second)
		assert.Equal(t, 1, w.allocator.now().open, "nobody else takes it yet")
		assert.GreaterOrEqual(t, w.allocator.now().dialled, 4, "it asks again soon")
		w.allocator.change(func() { w.allocator.noTunnels = nil })
		after(3 * time.Second)
		assert.Equal(t, 2, w.allocator.now().open, "the first goes on beside the second")
		close(first.ended)
		after(time.Minute)
		assert.Equal(t, 1, w.allocator.now().open, "the second is kept")
		assert.Len(t, w.allocator.tunnels, 2, "and the end of the first asked for no third")
	})
}

// As where allocators are replaced one after the other: that is no trouble of the tunnels.
func TestHoweverOftenAnAllocatorAsksForAnotherTunnelItIsOpenedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		for n := range 20 {
			after(3 * time.Second)
			last := w.allocator.tunnels[n]
			close(last.moving)
			after(time.Second)
			require.Len(t, w.allocator.tunnels, n+2)
			close(last.ended)
		}
		assert.Zero(t, w.logs.count("level=WARN", "tunnel"))
		assert.Equal(t, 20, w.logs.count("level=INFO", "the allocator is about to stop"))
	})
}
