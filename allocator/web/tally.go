package web

import "github.com/talmolab/lablink-infrastructure/allocator"

// tally is how many machines are how, as the pages count them.
type tally struct{ Ready, InUse, Starting, Unhealthy int }

// add counts a machine.
func (n *tally) add(state allocator.MachineState) {
	switch state {
	case allocator.Requested, allocator.Launching, allocator.Booting, allocator.Rebooting, allocator.Draining:
		n.Starting++
	case allocator.Ready:
		n.Ready++
	case allocator.Assigned:
		n.InUse++
	case allocator.Unhealthy:
		n.Unhealthy++
	case allocator.Terminating, allocator.Terminated: // not there any more
	}
}
