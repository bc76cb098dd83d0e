package web

import (
	"context"
	"fmt"
	"net/http"
	"time"

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
	staff(s, a, "get-budget", http.MethodGet, "/api/v1/budget", "How much of this month's budget is used up", 0,
		func(ctx context.Context, _ string, _ *struct{}) (*body[api.Budget], error) {
			b, err := s.budget(ctx)
			return &body[api.Budget]{b}, err
		})
	s.monthOperation(a)
	s.dayOperation(a)
}

// monthOperation tells what all machines cost, month by month.
func (s *server) monthOperation(a huma.API) {
	staff(s, a, "list-months", http.MethodGet, "/api/v1/costs/months", "What all machines cost in each month, this one first", 0,
		func(ctx context.Context, _ string, in *struct {
			Limit int `query:"limit" minimum:"1" maximum:"36" default:"12" doc:"How many months"`
		},
		) (*body[api.Page[api.MonthCost]], error) {
			all, err := s.Service.CostsByMonth(ctx, in.Limit)
			page := api.Page[api.MonthCost]{Items: []api.MonthCost{}}
			for _, m := range all {
				page.Items = append(page.Items, api.MonthCost{Month: m.Begin.Format("2006-01"), Spent: m.USD, AtEnd: m.AtEnd})
			}
			return &body[api.Page[api.MonthCost]]{page}, err
		})
}

// machineCost is what a machine costs whose workshop ends then, or never where that is
// zero; nil where nobody knows.
func (s *server) machineCost(m allocator.Machine, ends time.Time) *api.MachineCost {
	c, ok := s.Service.CostOfMachine(m, ends)
	if !ok {
		return nil
	}
	out := api.MachineCost{SoFar: c.SoFar, Hourly: c.Hourly, From: c.From, Warning: s.Service.OverHourCap(m)}
	if c.AtEnd > 0 {
		out.AtEnd = &c.AtEnd
	}
	return &out
}

// budget is how much of the month's is used up.
func (s *server) budget(ctx context.Context) (api.Budget, error) {
	spent, err := s.Service.SpentThisMonth(ctx)
	return api.Budget{
		Month: s.Service.Now().UTC().Format("2006-01"), Spent: spent.USD, Monthly: spent.Of, HardCap: s.Service.Budget.HardCap,
		Warning: budgetWarning("all machines of the month", spent),
	}, err
}

// budgetWarning is what is told from 80 % of a budget on.
func budgetWarning(what string, s allocator.Spent) string {
	switch {
	case s.Over():
		return fmt.Sprintf("The budget is used up: %s cost $%.2f of $%.2f. No more machines are launched.", what, s.USD, s.Of)
	case s.Warns():
		return fmt.Sprintf("%.0f %% of the budget are used up: %s cost $%.2f of $%.2f. At 100 %% no more machines are launched.", 100*s.USD/s.Of, what, s.USD, s.Of)
	}
	return ""
}

// cost is what a workshop costs, by all machines that it ever had.
func (s *server) cost(w allocator.Workshop, machines []allocator.Machine) api.Cost {
	c := s.Service.CostOf(w, machines)
	out := api.Cost{Workshop: w.ID, Name: w.Name, SoFar: c.SoFar, Hourly: c.Hourly, Unknown: c.Unknown, From: append([]string{}, c.From...)}
	out.Budget, out.Warning = w.BudgetUSD, budgetWarning("this workshop", allocator.Spent{USD: c.SoFar, Of: w.BudgetUSD})
	if c.AtEnd > 0 {
		out.AtEnd = &c.AtEnd
	}
	return out
}
