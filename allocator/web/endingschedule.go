package web

import (
	"net/http"
	"slices"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// endScheduleView asks before a schedule ends, and says which workshops end with it.
type endScheduleView struct {
	scheduleLine
	Ends []endingWorkshop
	Stay []allocator.Workshop // those that go on
	Back string
}

// endingWorkshop is a workshop that has not begun, with how many people wait for it.
type endingWorkshop struct {
	allocator.Workshop
	Waiting int
}

func (s *server) routeEndingSchedules(mux *routes) {
	mux.HandleFunc("GET /admin/schedules/{id}/end", s.forStaff(s.askEndSchedule))
	mux.HandleFunc("POST /admin/schedules/{id}/end", s.forStaff(func(w http.ResponseWriter, r *http.Request) {
		if err := s.Service.EndSchedule(r.Context(), s.sessionUser(r), r.PathValue("id")); err != nil {
			s.fail(w, r, err)
			return
		}
		goBack(w, r, "/admin")
	}))
}

func (s *server) askEndSchedule(w http.ResponseWriter, r *http.Request) {
	v, err := s.endingSchedule(r, r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "endschedule.html", v)
}

func (s *server) endingSchedule(r *http.Request, id string) (v endScheduleView, err error) {
	all, err := s.Service.Store.Schedules(r.Context())
	if err != nil {
		return v, err
	}
	of := slices.IndexFunc(all, func(sc allocator.Schedule) bool { return sc.ID == id })
	if of < 0 {
		return v, api.Problemf(api.NotFound, "There is no such schedule", "It may have ended already. Its workshops that go on are on the page of workshops.")
	}
	v.scheduleLine, v.Back = s.scheduleLine(all[of], 0), cameFrom(r, "/admin")
	coming, goOn, err := s.Service.ComingOf(r.Context(), id)
	if err != nil {
		return v, err
	}
	people, err := s.Service.Store.LiveSeats(r.Context())
	for _, ws := range coming {
		v.Ends = append(v.Ends, endingWorkshop{ws, people[ws.ID]})
	}
	v.Stay = goOn
	return v, err
}
