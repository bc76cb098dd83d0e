package agent_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAnAllocatorOneProtocolApartIsUnderstoodAndFurtherIsNot(t *testing.T) {
	for apart, understood := range map[int]bool{-2: false, -1: true, 0: true, 1: true, 2: false} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.allocator.apart = apart
			w.start(t)
			time.Sleep(time.Minute)
			h := w.allocator.now()
			assert.Equal(t, understood, len(h.reports) > 0, "%d apart", apart)
			assert.Equal(t, understood, h.open > 0, "%d apart", apart)
			words := "Agent v1.2.3 speaks protocol 1 and allocator v9 protocol 3"
			assert.Equal(t, apart == 2, w.logs.count(words) > 0, "%d apart", apart)
		})
	}
}

func TestAnAllocatorThatGrewTooFarApartIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		time.Sleep(time.Minute)
		w.allocator.change(func() { w.allocator.apart = 2 })
		time.Sleep(time.Minute)
		assert.Positive(t, w.logs.count("Agent v1.2.3 speaks protocol 1 and allocator v9 protocol 3"))
	})
}

func TestTheMachineIsAskedOnceForTheReleaseThatTheAllocatorWants(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		var mu sync.Mutex
		var asked []string
		var broken error
		w.follow = func(release string) error {
			mu.Lock()
			defer mu.Unlock()
			asked = append(asked, release)
			return broken
		}
		since := func() []string { // what was asked since the last time
			mu.Lock()
			defer mu.Unlock()
			defer func() { asked = nil }()
			return asked
		}
		w.release = "aaa"
		w.failed = &api.FailedRelease{Release: "ccc", Reason: "it ended"}
		w.start(t)
		time.Sleep(time.Minute + time.Second) // from here on never at the moment of a report
		assert.Empty(t, since(), "nothing is wanted")
		report := w.allocator.now().reports[0]
		assert.Equal(t, "aaa", report.Release)
		assert.Equal(t, "it ended", report.Failed.Reason)

		w.allocator.change(func() { w.allocator.release = "aaa" })
		time.Sleep(5 * time.Minute)
		assert.Equal(t, []string{"aaa"}, since(), "what an agent before asked for is taken back")
		mu.Lock()
		broken = errors.New("no space")
		mu.Unlock()
		w.allocator.change(func() { w.allocator.release = "bbb" })
		time.Sleep(time.Minute)
		assert.Greater(t, len(since()), 1, "what fails is tried again")
		mu.Lock()
		broken = nil
		mu.Unlock()
		time.Sleep(5 * time.Minute)
		assert.Equal(t, []string{"bbb"}, since())
		w.allocator.change(func() { w.allocator.release = "aaa" })
		time.Sleep(5 * time.Minute)
		assert.Equal(t, []string{"aaa"}, since(), "it runs still, and the other one is not wanted any more")
	})
}

func TestAnAgentSaysOnceThatItAndTheAllocatorUnderstandEachOther(t *testing.T) {
	for name, c := range map[string]struct {
		apart int
		talks int64
	}{"they do": {0, 1}, "it is too far apart": {2, 0}} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld()
			w.allocator.apart = c.apart
			w.start(t)
			time.Sleep(5 * time.Minute)
			assert.Equal(t, c.talks, w.talks.Load(), name)
		})
	}
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.allocator.away = true
		w.start(t)
		time.Sleep(5 * time.Minute)
		assert.Zero(t, w.talks.Load(), "nobody answers")
		w.allocator.change(func() { w.allocator.away = false })
		time.Sleep(5 * time.Minute)
		assert.EqualValues(t, 1, w.talks.Load())
	})
}
