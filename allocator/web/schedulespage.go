package web

import (
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// comingShown is how many of the next workshops of a schedule are shown, and
	// comingWithin how far ahead they are looked for.
	comingShown  = 5
	comingWithin = 370 * 24 * time.Hour
)

// schedulesView is the page of the schedules.
type schedulesView struct {
	Schedules []scheduleView
	Role      allocator.Role
}

// scheduleView is a schedule with when its next workshops begin.
type scheduleView struct {
	api.Schedule
	Coming []time.Time
}

func (s *server) schedulesPage(w http.ResponseWriter, r *http.Request) {
	all, err := s.Service.Store.Schedules(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v, now := schedulesView{Role: roleOf(r)}, s.Service.Now()
	for _, sc := range all {
		line := scheduleView{Schedule: s.schedule(sc)}
		for begin := sc.Next(now); !begin.IsZero() && len(line.Coming) < comingShown && begin.Before(now.Add(comingWithin)); begin = sc.Next(begin) {
			line.Coming = append(line.Coming, begin)
		}
		v.Schedules = append(v.Schedules, line)
	}
	s.render(w, r, http.StatusOK, "schedules.html", v)
}
