package web

import (
	"context"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// workshopView is one workshop's page.
type workshopView struct {
	Workshop   api.Workshop
	View, Show string // how its machines are shown, and which
	Here       string // the page's address, as it is shown now
	Counts     counts
	Cards      []card
	Queue      []api.Seat // those who wait
	Cost       api.Cost
	Operations []api.Operation
	Role       allocator.Role // of who looks
	JoinTokens []api.JoinToken
	Stats      api.Stats
	LaunchesAt *time.Time // when its first machines start; nil once they may have
	Guests     guests     // where somebody may change who they are
	// Told is how many were just told something, and Taken from how many that was taken
	// away; -1 where that was not asked for. See MessageWorkshop.
	Told, Taken int
	Did         *deed // what was just done to a machine; nil for nothing
	Changed     bool  // whether it was just changed
	// Problem is why it was not changed, and Typed what was to be.
	Problem *api.Problem
	Typed   typed
}

// counts are how many machines, and people, are how.
type counts struct {
	tally
	Attention, Waiting int
}

func (s *server) workshopData(ctx context.Context, r *http.Request) (workshopView, error) {
	v := workshopView{Role: roleOf(r), View: oneOf(r.URL.Query().Get("view"), "cards", "table"), Show: oneOf(r.URL.Query().Get("show"), "all", "attention", "waiting")}
	workshop, err := s.Service.Store.Workshop(ctx, r.PathValue("id"))
	if err != nil {
		return v, err
	}
	v.Workshop = s.workshop(r, workshop)
	v.Here = v.here()
	if at := workshop.LaunchesAt(); workshop.State == allocator.Open && at.After(s.Service.Now()) {
		v.LaunchesAt = &at
	}
	if v.JoinTokens, err = s.joinTokens(ctx, workshop.ID); err != nil {
		return v, err
	}
	if err := s.fillRoom(ctx, workshop, &v); err != nil {
		return v, err
	}
	if v.Stats, err = s.Service.Stats(ctx, workshop.ID); err != nil {
		return v, err
	}
	operations, err := s.Service.Store.Operations(ctx, workshop.ID, listed)
	for _, o := range operations {
		v.Operations = append(v.Operations, toOperation(o))
	}
	return v, err
}

// fillRoom fills in the machines of a workshop, its people, and what it costs.
func (s *server) fillRoom(ctx context.Context, workshop allocator.Workshop, v *workshopView) error {
	machines, err := s.Service.Store.Machines(ctx, workshop.ID, true)
	if err != nil {
		return err
	}
	v.Cost = s.cost(workshop, machines)
	seats, err := s.Service.Store.Seats(ctx, workshop.ID)
	if err != nil {
		return err
	}
	of := map[string]allocator.Seat{}
	for _, seat := range seats {
		of[seat.ID] = seat
		if seat.State == allocator.SeatQueued {
			v.Counts.Waiting++
			v.Queue = append(v.Queue, s.seat(ctx, seat, ""))
		}
	}
	for _, m := range machines {
		if m.State == allocator.Terminated && workshop.State != allocator.Ended {
			continue
		}
		c := s.card(m, of[m.SeatID], *v)
		v.Counts.add(m.State)
		if c.Attention() {
			v.Counts.Attention++
		}
		if v.includes(c) {
			v.Cards = append(v.Cards, c)
		}
	}
	return nil
}

// includes reports whether a machine is among those that were asked for.
func (v workshopView) includes(c card) bool {
	return v.Show == "all" || v.Show == "attention" && c.Attention()
}

// oneOf is what was asked for, or the first where that is none of them.
func oneOf(asked string, all ...string) string {
	if slices.Contains(all, asked) {
		return asked
	}
	return all[0]
}

func (s *server) workshopPage(w http.ResponseWriter, r *http.Request) {
	s.showWorkshop(w, r, http.StatusOK, func(v *workshopView) { v.Changed = r.URL.Query().Has("changed") })
}

// showWorkshop shows the page, with what a step before it has to say.
func (s *server) showWorkshop(w http.ResponseWriter, r *http.Request, status int, say func(*workshopView)) {
	v, err := s.workshopData(r.Context(), r)
	if err == nil {
		v.Did, err = s.justDone(r, v.Workshop.ID)
	}
	if err == nil && v.Instructs() && v.Workshop.Invited {
		v.Guests, err = s.guests(r.Context(), v.Workshop.ID)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Told, v.Taken = counted(r, "told"), counted(r, "taken")
	say(&v)
	s.render(w, r, status, "workshop.html", v)
}

// counted is a number of an address; -1 for none.
func counted(r *http.Request, name string) int {
	n, err := strconv.Atoi(r.URL.Query().Get(name))
	if err != nil {
		return -1
	}
	return n
}

func (s *server) workshopLive(w http.ResponseWriter, r *http.Request) {
	s.live(w, r, "workshop.html", "room", func(*look) (any, error) { return s.workshopData(r.Context(), r) })
}

// routeRooms adds what an instructor opens and does around a workshop.
func (s *server) routeRooms(mux *routes) {
	mux.HandleFunc("POST /admin/workshops/estimate", s.forStaff(s.estimateForm))
	mux.HandleFunc("POST /admin/workshops/{id}/ends", s.forStaff(s.endsForm))
	mux.HandleFunc("POST /admin/workshops/{id}/message", s.forStaff(s.messageForm))
	mux.HandleFunc("GET /admin/workshops/{id}/project", s.forStaff(s.projectPage))
	mux.HandleFunc("GET /admin/workshops/{id}/project/live", s.forStaff(s.projectLive))
	s.routeAsking(mux)
	s.routeWork(mux)
}
