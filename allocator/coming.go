package allocator

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// stages are how far a machine is that starts, in order.
var stages = []string{api.ComingRequested, api.ComingRebooting, api.ComingBooting, api.ComingSetup}

// coming are the machines that start, the furthest first, and how many are ready.
func coming(machines []Machine) (starting []api.Coming, ready int) {
	for _, m := range machines {
		switch m.State {
		case Ready:
			ready++
		case Requested, Launching:
			starting = append(starting, api.Coming{Stage: api.ComingRequested})
		case Rebooting:
			starting = append(starting, api.Coming{Stage: api.ComingRebooting})
		case Booting:
			starting = append(starting, preparing(m.Setup))
		default: // it is somebody's, or goes
		}
	}
	slices.SortStableFunc(starting, func(a, b api.Coming) int { return cmp.Compare(far(b), far(a)) })
	return starting, ready
}

// far says how far a machine is, to compare.
func far(c api.Coming) int {
	out := 10_000*slices.Index(stages, c.Stage) + 1000*slices.Index(api.SetupSteps, c.Step)
	if c.Percent != nil {
		out += *c.Percent
	}
	return out
}

// preparing is how far a machine is that boots, or is set up.
func preparing(s api.SetupStatus) api.Coming {
	if s.State != api.SetupRunning {
		return api.Coming{Stage: api.ComingBooting}
	}
	out := api.Coming{Stage: api.ComingSetup, Step: s.Step}
	var percent int
	if _, err := fmt.Sscanf(s.Line, "%d %% of", &percent); err == nil && s.Step == "image" && percent >= 0 && percent <= 100 {
		out.Percent = &percent
	}
	return out
}
