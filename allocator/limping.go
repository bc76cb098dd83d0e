package allocator

import (
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// limpEvery is how often a machine of a workshop is replaced at most as it limps: where
// all of a type do, other ones help nobody.
const limpEvery = 30 * time.Minute

// limping is when a machine of a workshop was replaced last as it limps. Only who plans
// replaces any; another allocator that takes that over may replace one more.
type limping struct {
	mu       sync.Mutex
	replaced map[string]time.Time
}

// lately are the workshops that had one replaced within limpEvery.
func (l *limping) lately(now time.Time) map[string]bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.replaced, func(_ string, at time.Time) bool { return at.After(now) || now.Sub(at) >= limpEvery })
	out := map[string]bool{}
	for workshop := range l.replaced {
		out[workshop] = true
	}
	return out
}

func (l *limping) note(workshop string, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.replaced == nil {
		l.replaced = map[string]time.Time{}
	}
	l.replaced[workshop] = now
}

// limps reports whether a machine that is ready works with limits that a reboot or
// another machine would end. One reboot is tried until it has been well for half an hour:
// what it does not mend is no reason to keep the machine from people.
func (m Machine) limps() bool {
	if m.State != Ready || m.Health != api.Degraded || m.Own() {
		return false
	}
	return m.Action == api.Replace || m.wantsReboot() && m.Reboots == 0
}

// limp takes one machine that limps from those that nobody holds, to reboot or to
// replace it, while no other one is on its way. It returns the others.
func (g *gap) limp(s Situation, idle []Machine) []Machine {
	at := slices.IndexFunc(idle, func(m Machine) bool {
		return m.limps() && (m.Action != api.Replace || !s.Limped[g.ID])
	})
	if at < 0 || g.coming > 0 || len(g.reboot) > 0 {
		return idle
	}
	if m := idle[at]; m.Action == api.Replace {
		g.failed = append(g.failed, m)
	} else {
		g.reboot = append(g.reboot, m)
	}
	return slices.Delete(slices.Clone(idle), at, at+1)
}
