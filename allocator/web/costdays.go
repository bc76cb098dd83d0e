package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

// dayOperation tells what all machines cost, day by day.
func (s *server) dayOperation(a huma.API) {
	staff(s, a, "list-days", http.MethodGet, "/api/v1/costs/days", "What all machines cost on each day of a month, UTC, the first day first", 0,
		func(ctx context.Context, _ string, in *struct {
			Month string `query:"month" maxLength:"7" doc:"The month, as 2026-03; absent: this one, until now"`
		},
		) (*body[api.Page[api.DayCost]], error) {
			month, err := s.monthOf(in.Month)
			if err != nil {
				return nil, err
			}
			of, err := s.Service.Spending(ctx, month, month.AddDate(0, 1, 0))
			page := api.Page[api.DayCost]{Items: []api.DayCost{}}
			for _, day := range of.Days {
				page.Items = append(page.Items, api.DayCost{Day: day.Begin.Format(time.DateOnly), Spent: day.USD, Workshops: day.ByWorkshop})
			}
			return &body[api.Page[api.DayCost]]{page}, err
		})
}
