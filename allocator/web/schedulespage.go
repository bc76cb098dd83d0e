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
	v, now := schedulesView{Role: roleOf(r)}, s.Service.Now()
	for _, sc := range all {
		line := s.scheduleLine(sc)
		line.Coming = sc.Coming(now, comingShown)
		v.Schedules = append(v.Schedules, line)
	}
	s.render(w, r, http.StatusOK, "schedules.html", v)
}
