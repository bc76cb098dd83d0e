package agent_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	gpus "github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// lose and restore are what happens to the first GPU.
func (w *world) lose() {
	w.nvml.change(func() { w.nvml.devices[0].failing(gpus.ErrLost, everything...) })
}

func (w *world) restore() {
	w.nvml.change(func() { w.nvml.devices[0] = gpu("GPU-a") })
}

func TestAChangeOfHealthIsReportedAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.allocator.interval = 60
		w.start(t)
		after(7 * time.Second)
		w.lose()
		after(lookEvery)
		require.Len(t, w.allocator.now().reports, 2)
		assert.Equal(t, api.Unhealthy, w.allocator.now().reports[1].Health)
		assert.Contains(t, w.allocator.now().reports[1].Reason, "Can no longer be reached: GPU 0")

		after(57 * time.Second) // 69 s after the start
		assert.Len(t, w.allocator.now().reports, 2, "and once")
		after(time.Second)
		assert.Len(t, w.allocator.now().reports, 3, "the interval goes on from there")
	})
}

func TestTheAllocatorChoosesTheIntervalWithinReason(t *testing.T) {
	for asked, want := range map[int]int{20: 180, 0: 360, -5: 360, 1: 3600, 7200: 12} {
		t.Run(fmt.Sprint(asked), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.allocator.interval = asked
				w.start(t)
				after(time.Hour)
				assert.InDelta(t, want, len(w.allocator.now().reports), 1, "reports in an hour")
			})
		})
	}
}

func TestAnAllocatorThatWasAwayForAnHourHearsWhatChangedInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(10 * time.Second)
		w.allocator.goAway()
		before := w.allocator.now().tried
		after(20 * time.Minute)
		w.lose()
		lostAt := time.Now()
		after(20 * time.Minute)
		w.restore()
		after(20 * time.Minute)
		tries := w.allocator.now().tried - before
		assert.True(t, tries >= 60 && tries <= 200, "%d tries in an hour, reports and tunnel", tries)
		assert.Equal(t, 1, w.logs.count("level=WARN", "cannot report"), "the reason is told once")
		require.Len(t, w.allocator.now().reports, 1)

		w.allocator.change(func() { w.allocator.away = false })
		after(time.Minute)
		assert.Equal(t, 1, w.allocator.now().open, "tunnels")
		reports := w.allocator.now().reports[1:]
		require.GreaterOrEqual(t, len(reports), 2)
		assert.Equal(t, api.Unhealthy, reports[0].Health)
		assert.WithinDuration(t, lostAt, reports[0].At, lookEvery, "it says when it happened")
		for _, r := range reports[1:] {
			assert.Equal(t, api.Healthy, r.Health)
		}
		assert.Equal(t, 1, w.logs.count("again able to report"))
	})
}

func TestAnAllocatorThatWasAwayHearsThePresentAndNotThePast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.allocator.away = true
		w.start(t)
		after(time.Hour)
		w.allocator.change(func() { w.allocator.away = false })
		after(time.Minute)
		reports := w.allocator.now().reports
		require.NotEmpty(t, reports)
		assert.WithinDuration(t, time.Now(), reports[0].At, time.Minute)
	})
}

func TestTooManyChangesDropTheOldestAndSaySo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(0)
		w.allocator.goAway()
		for range 52 {
			w.lose()
			after(lookEvery)
			w.restore()
			after(lookEvery)
		}
		w.allocator.change(func() { w.allocator.away, w.allocator.interval = false, 300 })
		after(time.Minute)
		reports := w.allocator.now().reports[1:]
		require.Len(t, reports, 100)
		for i, r := range reports {
			want := []api.Health{api.Unhealthy, api.Healthy}[i%2]
			assert.Equal(t, want, r.Health, "report %d", i)
		}
		assert.Contains(t, reports[0].Reason, "4 earlier changes were not kept")
		assert.NotContains(t, reports[2].Reason, "not kept")
	})
}

func TestAChangeThatTheAllocatorDoesNotUnderstandDoesNotHoldUpTheNext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(0)
		w.allocator.change(func() { w.allocator.answer = api.Problemf(api.Invalid, "Malformed", "no such health") })
		w.lose()
		after(lookEvery)
		assert.Equal(t, 1, w.logs.count("level=ERROR", "no such health"))
		w.allocator.change(func() { w.allocator.answer = nil })
		w.restore()
		after(lookEvery)
		require.Len(t, w.allocator.now().reports, 2)
		assert.Equal(t, api.Healthy, w.allocator.now().reports[1].Health)
	})
}

func TestAnAllocatorThatAsksForTimeGetsIt(t *testing.T) {
	for asked, want := range map[time.Duration]time.Duration{
		2 * time.Minute: 2 * time.Minute,
		24 * time.Hour:  10 * time.Minute,
	} {
		t.Run(asked.String(), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				busy := api.Problemf(api.RateLimited, "Slow down", "too many reports")
				busy.RetryAfter = asked
				w.allocator.answer = busy
				w.start(t)
				after(want - time.Second)
				assert.Equal(t, 1, w.allocator.now().tried)
				after(time.Second + want/4)
				assert.Equal(t, 2, w.allocator.now().tried)
			})
		})
	}
}
