package allocator

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// maxLaunch is how many machines one operation launches: what EC2 grants in parts
// is taken into account between two.
const maxLaunch = 50

// Situation is all that a plan depends on.
type Situation struct {
	Now       time.Time
	Workshops []Workshop     // those that are open, first the one that begins first
	Machines  []Machine      // those that have not ended
	Seats     map[string]int // by workshop, how many people hold a machine or wait for one
	Pools     []Pool
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
// before: a plan that was carried out in part is followed by one for the rest.
func Plan(s Situation) []Step {
	room, leaving := map[string]int{}, map[string]int{} // by pool
	for _, p := range s.Pools {
		room[p.Name] = p.MaxMachines
	}
	of := map[string][]Machine{}
	for _, m := range s.Machines {
		of[m.WorkshopID] = append(of[m.WorkshopID], m)
		room[m.Pool]--
		if m.State == Terminating || m.State == Draining && m.Leaving != "" {
			leaving[m.Pool]++
		}
	}
	var steps []Step
	for _, w := range s.Workshops {
		if !w.EndsAt.IsZero() && !s.Now.Before(w.EndsAt) {
			steps = append(steps, Step{Workshop: w, EndWorkshop: true, Why: "its time is over"})
			continue
		}
		reboot, failed, surplus, missing := w.difference(s.Now, of[w.ID], s.Seats[w.ID])
		for _, m := range reboot {
			steps = append(steps, Step{Workshop: w, Reboot: &m, Why: fmt.Sprintf("a reboot may help (%d of %d): %s", m.Reboots+1, maxReboots, m.trouble())})
		}
		for _, m := range failed {
			steps = append(steps, Step{Workshop: w, EndMachine: &m, Why: "another one takes its place: " + m.trouble()})
		}
		for _, m := range surplus {
			steps = append(steps, Step{Workshop: w, EndMachine: &m, Why: "it is not needed any more"})
		}
		leaving[w.Pool] += len(failed) + len(surplus)
		launch := min(missing, room[w.Pool], maxLaunch)
		if w.LaunchFailures > 0 && slices.ContainsFunc(failed, Machine.neverReady) {
			launch = 0 // one that is bad may be chance; for the next a pause is made
		}
		if launch > 0 && !s.Now.Before(w.LaunchAfter) {
			steps = append(steps, Step{Workshop: w, Launch: launch, Living: len(of[w.ID]), Why: w.why(launch)})
			room[w.Pool] -= launch
		}
		full := ""
		if missing > max(0, launch) && room[w.Pool]+leaving[w.Pool] <= 0 {
			full = fullPool + w.Pool + " has as many machines as it may. It lacks some until another workshop ends, or maxMachines is raised in the stack's settings."
		}
		if w.Trouble != full && (w.Trouble == "" || strings.HasPrefix(w.Trouble, fullPool)) {
			steps = append(steps, Step{Workshop: w, Tell: true, Why: full})
		}
	}
	return steps
}

// fullPool begins the trouble of a workshop for which its pool has no room.
const fullPool = "The pool is full: "

// difference compares what a workshop should have with what it has. A machine that
// has failed counts as missing, unless a reboot may help; one that somebody holds is
// taken from them only where another one is ready for them.
func (w Workshop) difference(now time.Time, has []Machine, people int) (reboot, failed, surplus []Machine, missing int) {
	var held, idle []Machine // held by somebody though they have failed; held by nobody
	good, ready := 0, 0
	for _, m := range has {
		switch m.State {
		case Unhealthy:
			if m.helpedByReboot(now) {
				reboot = append(reboot, m)
			} else {
				failed = append(failed, m)
			}
		case Draining:
			if m.Leaving == "" {
				good++ // it comes back
			}
		case Requested, Launching, Booting, Rebooting:
			idle = append(idle, m)
		case Ready:
			if m.Leaving != "" {
				failed = append(failed, m)
				continue
			}
			idle, ready = append(idle, m), ready+1
		case Assigned:
			if m.Health == api.Unhealthy || m.Leaving != "" {
				held = append(held, m)
				continue
			}
			good++
		case Terminating, Terminated: // not there any more
		}
	}
	for _, m := range held[:min(ready, len(held))] {
		if m.helpedByReboot(now) {
			reboot = append(reboot, m)
		} else {
			failed = append(failed, m)
		}
	}
	wanted := w.Wanted(now, people)
	if over := good + len(idle) + len(reboot) - wanted; over > 0 { // those that are not well go first
		over = min(over, len(reboot))
		reboot, failed = reboot[over:], append(failed, reboot[:over]...)
	}
	good += len(idle) + len(reboot)
	if good <= wanted {
		return reboot, failed, nil, wanted - good
	}
	// Those that have come least far go first.
	slices.SortStableFunc(idle, func(a, b Machine) int { return b.CreatedAt.Compare(a.CreatedAt) })
	slices.SortStableFunc(idle, func(a, b Machine) int {
		return slices.Index(comingOrder, a.State) - slices.Index(comingOrder, b.State)
	})
	return reboot, failed, idle[:min(len(idle), good-wanted)], 0
}

// comingOrder are the states of machines that nobody holds, first what has come least
// far.
var comingOrder = []MachineState{Requested, Launching, Booting, Rebooting, Ready}

// neverReady reports whether a machine failed before anybody could use it.
func (m Machine) neverReady() bool { return m.State == Unhealthy && m.ReadyAt.IsZero() }

// trouble is what is wrong with a machine.
func (m Machine) trouble() string {
	if m.Leaving != "" {
		return m.Leaving
	}
	if m.State == Assigned {
		return m.HealthReason
	}
	return m.Reason
}

// Wanted is how many machines a workshop should have at a time, with so many people
// who hold one or wait for one.
func (w Workshop) Wanted(now time.Time, people int) int {
	if now.Before(w.StartsAt.Add(-w.WarmUp)) {
		return 0
	}
	return min(w.Seats, max(w.Warm, people)) + w.Spares
}

func (w Workshop) why(machines int) string {
	if w.Spares == 0 {
		return fmt.Sprintf("%d machines for %d seats", machines, w.Seats)
	}
	return fmt.Sprintf("%d machines for %d seats and %d spares", machines, w.Seats, w.Spares)
}
