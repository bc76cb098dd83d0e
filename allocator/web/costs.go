package web

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func (s *server) costOperations(a huma.API) {
	staff(s, a, "list-costs", http.MethodGet, "/api/v1/costs", "What workshops cost, newest first", 0,
		func(ctx context.Context, _ string, in *struct {
			After string `query:"after" maxLength:"64" doc:"The cursor from the page before"`
			Limit int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
		},
		) (*body[api.Page[api.Cost]], error) {
			all, err := s.Service.Store.Workshops(ctx, in.After, in.Limit)
			if err != nil {
				return nil, err
			}
			page := api.Page[api.Cost]{Items: []api.Cost{}}
			for _, w := range all {
				machines, err := s.Service.Store.Machines(ctx, w.ID, true)
				if err != nil {
					return nil, err
				}
				page.Items = append(page.Items, s.cost(w, machines))
			}
			if len(all) == in.Limit {
				page.Next = all[len(all)-1].ID
			}
			return &body[api.Page[api.Cost]]{page}, nil
		})
}

// cost is what a workshop costs, by all machines that it ever had.
func (s *server) cost(w allocator.Workshop, machines []allocator.Machine) api.Cost {
	c := s.Service.CostOf(w, machines)
	out := api.Cost{Workshop: w.ID, Name: w.Name, SoFar: c.SoFar, Hourly: c.Hourly, Unknown: c.Unknown, From: append([]string{}, c.From...)}
	if c.AtEnd > 0 {
		out.AtEnd = &c.AtEnd
	}
	return out
}
