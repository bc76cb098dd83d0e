package web

import (
	"net/http"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// askingView asks whether something is meant that people lose work by, or their machine.
type askingView struct {
	What     string // end, release or move
	Workshop api.Workshop
	Seat     api.Seat // whose it is; none where it is the workshop
	Working  int      // how many people have a machine
	Waiting  int
	Collects []string // what of their work is kept
	Back     string   // where who asks came from
}

func (s *server) routeAsking(mux *routes) {
	mux.HandleFunc("GET /admin/workshops/{id}/end", s.forStaff(s.askEnd))
	mux.HandleFunc("GET /admin/seats/{id}/release", s.forStaff(func(w http.ResponseWriter, r *http.Request) { s.askSeat(w, r, "release") }))
	mux.HandleFunc("GET /admin/seats/{id}/move", s.forStaff(func(w http.ResponseWriter, r *http.Request) { s.askSeat(w, r, "move") }))
}

// askEnd asks before a workshop ends.
func (s *server) askEnd(w http.ResponseWriter, r *http.Request) {
	workshop, err := s.Service.Store.Workshop(r.Context(), r.PathValue("id"))
	if err == nil && workshop.State == allocator.Ended {
		err = api.Problemf(api.Conflict, "The workshop has ended", "Its page shows what is left of it.")
	}
	var seats []allocator.Seat
	if err == nil {
		seats, err = s.Service.Store.Seats(r.Context(), workshop.ID)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := askingView{What: "end", Workshop: s.workshop(r, workshop), Collects: s.collects(workshop)}
	for _, seat := range seats {
		if seat.State == allocator.SeatAssigned {
			v.Working++
		} else {
			v.Waiting++
		}
	}
	s.render(w, r, http.StatusOK, "asking.html", v)
}

// askSeat asks before somebody loses their machine.
func (s *server) askSeat(w http.ResponseWriter, r *http.Request, what string) {
	seat, err := s.Service.Store.Seat(r.Context(), r.PathValue("id"))
	var workshop allocator.Workshop
	if err == nil {
		workshop, err = s.Service.Store.Workshop(r.Context(), seat.WorkshopID)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "asking.html", askingView{
		What: what, Workshop: s.workshop(r, workshop), Seat: s.seat(r.Context(), seat, ""), Collects: s.collects(workshop),
		Back: cameFrom(r, "/admin/workshops/"+workshop.ID),
	})
}

// collects are the patterns of what is kept of people's work.
func (s *server) collects(w allocator.Workshop) []string {
	if s.Service.Work == nil {
		return nil
	}
	return w.Collect
}
