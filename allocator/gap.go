package allocator

import (
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// gap is the difference between what a workshop should have and what it has.
type gap struct {
	Workshop
	living  int       // how many machines it has, whatever their state
	reboot  []Machine // to be rebooted, which may help
	failed  []Machine // to be ended; each counts as missing
	surplus []Machine // to be ended, as they are not needed
	sick    []Machine // held by somebody, and for too long
	coming  int       // machines that are on their way to be ready
	spare   []Machine // nobody's, and more than the seats need
	// capped is why its budget is used up, or "", and costly are to be ended for that.
	capped string
	costly []Machine
	// missing machines: for seats, and for spares.
	seats, spares int
	// waits says that nothing is launched for it now, and late that it ends too soon for
	// anything to be.
	waits, late bool
	// unpaused says that a pause is over that no refusal of EC2's began.
	unpaused bool

	launch  int
	yielded []Machine
}

// gap compares what a workshop should have with what it has. A machine that has
// failed counts as missing, unless a reboot may help; one that somebody holds is taken
// from them only where another one is ready for them.
func (w Workshop) gap(s Situation, has []Machine) *gap {
	g := &gap{Workshop: w, living: len(has), capped: s.Capped[w.ID]}
	var held, idle []Machine // held by somebody though they have failed; held by nobody
	assigned := 0
	good, ready := 0, 0 // of those that are ready: whose agents are heard of
	for _, m := range has {
		if m.Own() && m.State != Assigned {
			if m.Leaving != "" && (m.State == Ready || m.State == Unhealthy) {
				g.failed = append(g.failed, m)
			} else if m.State == Ready { // it serves as any, but is not the plan's to end
				good++
				ready += m.audible(s.Now)
			}
			continue
		}
		switch m.State {
		case Unhealthy:
			g.mend(s, m)
		case Draining:
			if m.Leaving == "" {
				good++ // it comes back
			}
		case Requested, Launching, Booting, Rebooting:
			idle = append(idle, m)
			g.coming++
		case Ready:
			if m.Leaving != "" {
				g.failed = append(g.failed, m)
				continue
			}
			idle = append(idle, m)
			ready += m.audible(s.Now)
		case Assigned:
			assigned++
			if m.Health == api.Unhealthy || m.Leaving != "" {
				held = append(held, m)
				continue
			}
			good++
		case Terminating, Terminated: // not there any more
		}
	}
	served := min(ready, len(held))
	for _, m := range held[:served] {
		g.mend(s, m)
	}
	for _, m := range held[served:] {
		switch {
		case s.ClockTrouble != "" || m.sickFor(s.Now) < sickLimit:
		case !m.Own():
			g.sick = append(g.sick, m)
		case m.silent(s.Now) && s.Seats[w.ID] > assigned: // a limping one serves them better than none; it would make no room, but who holds it was there before those who wait
			g.failed = append(g.failed, m)
		}
	}
	people := s.Seats[w.ID]
	wanted := w.Wanted(s.Now, people)
	if over := good + len(idle) + len(g.reboot) - wanted; over > 0 && s.ClockTrouble == "" { // those that are not well go first
		over = min(over, len(g.reboot))
		g.reboot, g.failed = g.reboot[over:], append(g.failed, g.reboot[:over]...)
	}
	if s.Seats[w.ID] <= assigned { // nobody waits for it
		idle = g.limp(s, idle)
	}
	g.count(s, farthestLast(idle), good+len(g.reboot), w.forSeats(s.Now, people), wanted)
	g.late, g.unpaused = w.tooLate(s), w.LaunchFailures == 0 && !w.LaunchAfter.IsZero() && !w.pauses(s.Now)
	g.cap(s, has)
	g.waits = g.late || g.capped != "" || w.pauses(s.Now) || w.LaunchFailures > 0 && slices.ContainsFunc(g.failed, Machine.neverReady)
	return g
}

// mend says what becomes of a machine that has failed.
func (g *gap) mend(s Situation, m Machine) {
	if m.helpedByReboot(s.Now) {
		g.reboot = append(g.reboot, m)
	} else {
		g.failed = append(g.failed, m)
	}
}

// cap says what ends as the budget is used up: what nobody holds at once, the rest once
// people have been told for a while.
func (g *gap) cap(s Situation, has []Machine) {
	if g.capped == "" || !s.HardCap || s.ClockTrouble != "" {
		return
	}
	all := !g.CappedAt.IsZero() && s.Now.Sub(g.CappedAt) >= capWarning
	for _, m := range has {
		if m.Own() || m.State == Draining || m.State == Terminating || m.State == Terminated || m.State == Assigned && !all {
			continue
		}
		g.costly = append(g.costly, m)
	}
	g.failed = slices.DeleteFunc(g.failed, func(m Machine) bool { return !m.Own() }) // people's own cost nothing
	g.reboot, g.surplus, g.spare, g.sick = nil, nil, nil, nil
}

// count says how many machines are missing, and which are too many.
func (g *gap) count(s Situation, idle []Machine, good, forSeats, wanted int) {
	has := good + len(idle)
	g.seats = max(0, forSeats-has)
	g.spares = max(0, wanted-max(has, forSeats))
	if s.ClockTrouble != "" {
		return // what is not needed is told by the clock
	}
	g.spare = idle[:min(len(idle), max(0, has-forSeats))]
	over := has - wanted
	if over <= 0 {
		return
	}
	// What exceeds even a full workshop goes at once, the rest when it has been idle.
	atOnce := has - (g.Seats + g.Spares)
	if wanted == 0 { // before it begins
		atOnce = over
	}
	var kept []Machine
	for _, m := range idle {
		if len(g.surplus) < over && (len(g.surplus) < atOnce || s.Now.Sub(m.ChangedAt) >= lingering) {
			g.surplus = append(g.surplus, m)
		} else {
			kept = append(kept, m)
		}
	}
	g.spare = kept[:max(0, len(g.spare)-len(g.surplus))]
}

// farthestLast orders machines: those that have come least far go first.
func farthestLast(idle []Machine) []Machine {
	slices.SortStableFunc(idle, func(a, b Machine) int { return b.CreatedAt.Compare(a.CreatedAt) })
	slices.SortStableFunc(idle, func(a, b Machine) int {
		return slices.Index(comingOrder, a.State) - slices.Index(comingOrder, b.State)
	})
	return idle
}

// tooLate reports whether a workshop ends before a machine could be ready.
func (w Workshop) tooLate(s Situation) bool {
	boot := s.Boots[w.Pool]
	if boot == 0 {
		boot = assumedBoot
	}
	return !w.EndsAt.IsZero() && w.EndsAt.Sub(s.Now) <= min(boot, bootLimit)
}

// wantsMore reports whether machines are missing that are not launched.
func (g *gap) wantsMore() bool { return g.seats+g.spares > g.launch && !g.late }
