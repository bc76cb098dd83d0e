package agent

import (
	"sync"
	"sync/atomic"
)

// follow asks the machine for the release that the allocator wants, once for each. Where that
// one runs, what was asked for before is not wanted any more. The sum is of what the machine
// is to be set up with.
func (a *Agent) follow(release, sum string) {
	if a.Follow == nil || release == "" || release == a.asked {
		return
	}
	runs := release == a.Machine.about.release()
	if !runs && a.setup != nil && (a.setup.goesOn() || sum != "" && sum != a.setup.seen()) {
		return // another agent would begin it anew
	}
	if err := a.Follow(release); err != nil {
		a.Log.Error("the machine was not asked for the release that the allocator wants; trying again", "release", release, "error", err)
		return
	}
	a.asked = release
	if !runs {
		a.Log.Info("asked the machine for the release that the allocator wants", "release", release)
	}
}

// talks is whether an agent and its allocator have understood each other since it started.
type talks struct {
	answered, open atomic.Bool
	once           sync.Once
}

// talked is that they have, in one of the two ways.
func (a *Agent) talked(how *atomic.Bool) {
	how.Store(true)
	if a.talks.answered.Load() && a.talks.open.Load() {
		a.talks.once.Do(a.Talks)
	}
}
