package web

import (
	"context"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// check looks whether all holds that must.
func (s *server) check(ctx context.Context) []api.Check {
	var out []api.Check
	for _, c := range s.Checks {
		check := api.Check{Name: c.Name, OK: true}
		if err := c.Check(ctx); err != nil {
			check.OK, check.Reason, check.Warning = false, err.Error(), c.Warning
		}
		s.since.of(c.Name, check.OK, s.Service.Now())
		out = append(out, check)
	}
	return out
}

// troubles are the checks of what does not hold.
func (s *server) troubles(ctx context.Context) []api.Check {
	return slices.DeleteFunc(s.check(ctx), func(c api.Check) bool { return c.OK })
}
