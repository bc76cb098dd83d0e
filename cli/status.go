package cli

import (
	"context"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/api"
)

// StatusCommand says whether the allocator is ready.
type StatusCommand struct {
	AtStack
	Use bool `help:"Also say what it is used for, which only staff may know: workshops, machines and what they cost an hour."`
}

// status is what is said.
type status struct {
	api.Ready
	Use *inUse `json:"use,omitempty"`
}

// Run asks once.
func (c StatusCommand) Run(ctx context.Context, g *Globals) error {
	if err := g.find(ctx); err != nil {
		return err
	}
	ready, err := g.client().Ready(ctx)
	if err != nil {
		return err
	}
	rows := [][]string{{"VERSION", "RELEASE", "READY"}, {ready.Version, ready.Release, fmt.Sprint(ready.Ready)}}
	for _, c := range ready.Checks {
		if !c.OK {
			rows = append(rows, []string{c.Name, c.Reason, warns(c)})
		}
	}
	if f := ready.Failed; f != nil {
		rows = append(rows, []string{"given up", f.Release, f.Reason})
	}
	said := status{Ready: ready}
	if c.Use {
		if said.Use, err = g.inUse(ctx); err != nil {
			return err
		}
		rows = append(rows, said.Use.rows()...)
	}
	if err := g.show(said, rows); err != nil {
		return err
	}
	if !ready.Ready {
		return api.Problemf(api.Unavailable, "The allocator is not ready", "See above for why.")
	}
	return nil
}

// warns says of what is wrong that the allocator is ready all the same.
func warns(c api.Check) string {
	if c.Warning {
		return "a warning"
	}
	return ""
}
