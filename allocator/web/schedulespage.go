package web

import (
	"net/http"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// comingShown is how many of the next workshops of a schedule its page shows.
const comingShown = 5

// schedulesView is the page of the schedules.
type schedulesView struct {
	Schedules []scheduleLine
	Role      allocator.Role
}

func (s *server) schedulesPage(w http.ResponseWriter, r *http.Request) {
	all, err := s.Service.Store.Schedules(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := schedulesView{Role: roleOf(r)}
	for _, sc := range all {
		v.Schedules = append(v.Schedules, s.scheduleLine(sc, comingShown))
	}
	s.render(w, r, http.StatusOK, "schedules.html", v)
}
