package allocator

import (
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

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
func (g *gap) limp(idle []Machine) []Machine {
	at := slices.IndexFunc(idle, Machine.limps)
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
