package web

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func (s *server) scheduleOperations(a huma.API) {
	staff(s, a, "add-schedule", http.MethodPost, "/api/v1/schedules", "Hold a workshop again and again", http.StatusCreated,
		func(ctx context.Context, user string, in *struct{ Body api.NewSchedule }) (*body[api.Schedule], error) {
			sc, err := s.Service.AddSchedule(ctx, user, in.Body)
			return &body[api.Schedule]{s.schedule(sc)}, err
		})
	staff(s, a, "list-schedules", http.MethodGet, "/api/v1/schedules", "List the schedules that go on", 0,
		func(ctx context.Context, _ string, _ *struct{}) (*body[api.Page[api.Schedule]], error) {
			all, err := s.Service.Store.Schedules(ctx)
			page := api.Page[api.Schedule]{Items: []api.Schedule{}}
			for _, sc := range all {
				page.Items = append(page.Items, s.schedule(sc))
			}
			return &body[api.Page[api.Schedule]]{page}, err
		})
	staff(s, a, "end-schedule", http.MethodDelete, "/api/v1/schedules/{id}", "End a schedule, and its workshops that have not begun", http.StatusNoContent,
		func(ctx context.Context, user string, in *idInput) (*struct{}, error) {
			return nil, s.Service.EndSchedule(ctx, user, in.ID)
		})
}

func (s *server) schedule(sc allocator.Schedule) api.Schedule {
	first := sc.First
	if zone, err := time.LoadLocation(sc.Zone); err == nil {
		first = first.In(zone)
	}
	return api.Schedule{
		ID: sc.ID, NewSchedule: api.NewSchedule{
			Rule: sc.Rule, First: first.Format("2006-01-02T15:04"), Zone: sc.Zone, Minutes: int(sc.Lasts.Minutes()), Workshop: sc.Workshop,
		},
		Next: orNil(sc.Next(s.Service.Now())), MissedAt: orNil(sc.MissedAt), MissedBecause: sc.MissedBecause, Trouble: sc.Trouble, By: sc.By, CreatedAt: sc.CreatedAt,
	}
}

// repeat adds the schedule of a form: the workshop's times are those of the first.
func (s *server) repeat(r *http.Request, w api.NewWorkshop) error {
	if w.StartsAt == nil || w.EndsAt == nil {
		return api.Problemf(api.Invalid, "A workshop that is repeated needs a begin and an end", "Both are those of the first; the others follow by the rule.")
	}
	n := api.NewSchedule{
		Rule: r.PostFormValue("rule"), First: r.PostFormValue("starts_at"), Zone: r.PostFormValue("zone"),
		Minutes: int(w.EndsAt.Sub(*w.StartsAt).Minutes()), Workshop: w,
	}
	n.Workshop.StartsAt, n.Workshop.EndsAt = nil, nil
	_, err := s.Service.AddSchedule(r.Context(), s.sessionUser(r), n)
	return err
}
