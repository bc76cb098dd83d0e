package agent

import (
	"fmt"
	"sync"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// maxChanges is how many changes of health are kept for an allocator that is
// away.
const maxChanges = 100

// change is a report that was made because the health changed. Dropped counts
// the changes before it that there was no room for.
type change struct {
	report  api.Report
	dropped int
}

// changes are the changes of health that the allocator has not been told of,
// oldest first.
type changes struct {
	// wake receives a value when a change was added.
	wake chan struct{}
	// hurry receives one when something is not to wait until who reports tries again: that the
	// cloud takes the machine back, or that it is unhealthy.
	hurry chan struct{}

	mu    sync.Mutex
	queue []*change
}

func newChanges() *changes {
	return &changes{wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1)}
}

// add keeps a report. The oldest one makes room when there are too many.
func (c *changes) add(r api.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queue = append(c.queue, &change{report: r})
	if len(c.queue) > maxChanges {
		c.queue[1].dropped = c.queue[0].dropped + 1
		c.queue = c.queue[1:]
	}
	c.rouse()
	if r.Health == api.Unhealthy {
		put(c.hurry)
	}
}

// rouse lets who reports do it now.
func (c *changes) rouse() { put(c.wake) }

// hasten lets who reports do it now, also where they wait to try again.
func (c *changes) hasten() {
	put(c.hurry)
	c.rouse()
}

// taken is that what was announced is being told.
func (c *changes) taken() {
	for _, announced := range []chan struct{}{c.wake, c.hurry} {
		select {
		case <-announced:
		default:
		}
	}
}

// put puts a value where there is none.
func put(to chan struct{}) {
	select {
	case to <- struct{}{}:
	default:
	}
}

// first is the oldest change, or nil, and what to tell of it: when changes
// before it were dropped, its reason says so.
func (c *changes) first() (*change, api.Report) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) == 0 {
		return nil, api.Report{}
	}
	oldest := c.queue[0]
	report := oldest.report
	if oldest.dropped > 0 {
		report.Reason = gpu.Clip(fmt.Sprintf("(%d earlier changes were not kept while the allocator was away.) %s",
			oldest.dropped, report.Reason))
	}
	return oldest, report
}

// told removes a change that the allocator has been told of.
func (c *changes) told(done *change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.queue) > 0 && c.queue[0] == done {
		c.queue = c.queue[1:]
	}
}
