package allocator

import (
	"fmt"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// maxLaunch is how many machines one operation launches: what EC2 grants in parts
// is taken into account between two.
const maxLaunch = 50

const (
	// lingering is how long a machine that is not needed is kept: people come and go.
	lingering = 10 * time.Minute
	// assumedBoot is how long a machine takes until it is ready, where none has shown it.
	assumedBoot = 3 * time.Minute
	// longestBoot is more than any machine takes until it is ready, its set-up included.
	longestBoot = 6 * time.Hour
	// sickLimit is how long somebody may hold a machine that is unhealthy while its pool
	// has no room for another one.
	sickLimit = 10 * time.Minute
)

// Situation is all that a plan depends on.
type Situation struct {
	Now       time.Time
	Workshops []Workshop     // those that are open, first the one that begins first
	Machines  []Machine      // those that have not ended
	Seats     map[string]int // by workshop, how many people hold a machine or wait for one
	Pools     []Pool
	// Boots is how long machines of a pool take until they are ready. One that is
	// missing or 0 is not known.
	Boots map[string]time.Duration
	// ClockTrouble is why Now cannot be trusted, or "". Meanwhile nothing ends by it.
	ClockTrouble string
	// Capped says, by workshop, why its budget is used up, where it is. With HardCap
	// machines end for that.
	Capped  map[string]string
	HardCap bool
	// Limped are the workshops of which no machine is replaced now as it limps: one was
	// lately.
	Limped map[string]bool
}

// Step is what closes a part of the difference between what should be and what is.
// One of EndWorkshop, EndMachine, Reboot, Tell and Launch is set.
type Step struct {
	Workshop    Workshop
	EndWorkshop bool
	Tell        bool // Why is the workshop's trouble, or it has none any more
	EndMachine  *Machine
	Reboot      *Machine
	Launch      int // how many machines
	Living      int // of how many of the workshop's that was planned
	Why         string
}

// Plan says what to do, given a situation. It does not depend on what was planned
// before: a plan that was carried out in part is followed by one for the rest. Each
// pool has room for the seats of all workshops first, and then for spares.
func Plan(s Situation) []Step {
	var steps []Step
	p := newRooms(s)
	for _, w := range s.Workshops {
		if w.over(s) {
			steps = append(steps, Step{Workshop: w, EndWorkshop: true, Why: "its time is over"})
			continue
		}
		p.add(w.gap(s, p.of[w.ID]))
	}
	p.launchSeats()
	p.yieldSpares()
	p.launchSpares()
	for _, g := range p.gaps {
		steps = append(steps, g.steps(p)...)
	}
	return steps
}

// over reports whether a workshop's time is over, as far as the clock can be trusted.
func (w Workshop) over(s Situation) bool {
	return s.ClockTrouble == "" && !w.EndsAt.IsZero() && !s.Now.Before(w.EndsAt)
}

// fullPool begins the trouble of a workshop for which its pool has no room.
const fullPool = "The pool is full: "

// steps are what a workshop's gap asks for, once it is known what is launched.
func (g *gap) steps(p *rooms) []Step {
	var steps []Step
	end := func(machines []Machine, why func(Machine) string) {
		for _, m := range machines {
			steps = append(steps, Step{Workshop: g.Workshop, EndMachine: &m, Why: why(m)})
		}
	}
	for _, m := range g.reboot {
		steps = append(steps, Step{Workshop: g.Workshop, Reboot: &m, Why: fmt.Sprintf("a reboot may help (%d of %d): %s", m.Reboots+1, maxReboots, m.trouble())})
	}
	end(g.failed, Machine.replaced)
	end(g.costly, func(Machine) string { return "the budget is used up" })
	end(g.surplus, func(Machine) string { return "it is not needed any more" })
	end(g.yielded, func(Machine) string { return "it was a spare, and the seats of another workshop need its place" })
	if g.launch > 0 {
		steps = append(steps, Step{Workshop: g.Workshop, Launch: g.launch, Living: g.living, Why: g.why(g.launch)})
	}
	told := g.capped
	if told == "" && g.wantsMore() && p.room[g.Pool]+p.leaving[g.Pool] <= 0 {
		told = fullPool + g.Pool + " has as many machines as it may. It lacks some until another workshop ends, or maxMachines is raised in the stack's settings."
	}
	own := g.Trouble == "" || strings.HasPrefix(g.Trouble, fullPool) || strings.HasPrefix(g.Trouble, overBudget) || g.unpaused
	if g.Trouble != told && (own || g.capped != "") {
		steps = append(steps, Step{Workshop: g.Workshop, Tell: true, Why: told})
	}
	return steps
}

// comingOrder are the states of machines that nobody holds, first what has come least
// far.
var comingOrder = []MachineState{Requested, Launching, Booting, Rebooting, Ready}

// neverReady reports whether a machine failed before anybody could use it.
func (m Machine) neverReady() bool { return m.State == Unhealthy && m.ReadyAt.IsZero() }

// replaced is why a machine goes for another one.
func (m Machine) replaced() string {
	if m.Leaving != "" {
		return m.Leaving
	}
	return "another one takes its place: " + m.trouble()
}

// trouble is what is wrong with a machine.
func (m Machine) trouble() string {
	if m.Leaving != "" {
		return m.Leaving
	}
	if m.State == Assigned || m.limps() {
		return m.HealthReason
	}
	return m.Reason
}

// sickFor is for how long a machine has been reported to be unhealthy.
func (m Machine) sickFor(now time.Time) time.Duration {
	if m.Health != api.Unhealthy || m.HealthSince.IsZero() {
		return 0
	}
	return now.Sub(m.HealthSince)
}

// Wanted is how many machines a workshop should have at a time, with so many people
// who hold one or wait for one.
func (w Workshop) Wanted(now time.Time, people int) int {
	if now.Before(w.LaunchesAt()) {
		return 0
	}
	return w.forSeats(now, people) + w.Spares
}

// forSeats is how many of them are no spares.
func (w Workshop) forSeats(now time.Time, people int) int {
	if now.Before(w.LaunchesAt()) {
		return 0
	}
	return min(w.Seats, max(w.Warm, people))
}

func (w Workshop) why(machines int) string {
	if w.Spares == 0 {
		return Counted(machines, "machine") + " for " + Counted(w.Seats, "seat")
	}
	return Counted(machines, "machine") + " for " + Counted(w.Seats, "seat") + " and " + Counted(w.Spares, "spare")
}
