package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// working is how long somebody may have done nothing and still counts as working: that is
// written down within a minute or so.
const working = 3 * time.Minute

// workshopView is one workshop's page.
type workshopView struct {
	Workshop   api.Workshop
	View, Show string // how its machines are shown, and which
	Counts     counts
	Cards      []card
	Queue      []api.Seat // those who wait
	Cost       api.Cost
	Operations []api.Operation
	Role       allocator.Role // of who looks
	JoinTokens []api.JoinToken
	Made       *api.MadeJoinToken // the join token that was just made
	Stats      api.Stats
	Told       int // how many were just told something; see MessageWorkshop
}

// counts are how many machines, and people, are how.
type counts struct{ Ready, InUse, Starting, Attention, Waiting int }

// card is a machine, with who has it.
type card struct {
	api.Machine
	// Trouble is what somebody should look at, and Away that it does not answer.
	Trouble string
	Away    bool
	// Active says that its participant works, IdleSince since when they do not; neither
	// where nobody knows.
	Active    bool
	IdleSince *time.Time
	EndsAt    *time.Time // of its seat, where that is before the workshop's
	Load      *uint32    // of its busiest GPU, in percent
	Memory    *uint64    // that is used on its GPUs
	Owner     string     // whose it is, where somebody's own
	Picture   bool       // whether there are pictures of its desktop
	Helps     bool       // whether who looks may do something
}

// Attention reports whether somebody should look at it.
func (c card) Attention() bool { return c.Away || c.Trouble != "" }

// Busy reports whether there is anything to do with it by hand.
func (c card) Busy() bool {
	return c.State != string(allocator.Terminating) && c.State != string(allocator.Terminated)
}

// Free reports whether it can be rebooted or replaced.
func (c card) Free() bool {
	return c.State == string(allocator.Ready) || c.State == string(allocator.Assigned)
}

// GPUMemory is how much all its GPUs have.
func (c card) GPUMemory() (sum uint64) {
	for _, g := range c.GPUs {
		sum += g.Memory
	}
	return sum
}

func (s *server) workshopData(ctx context.Context, r *http.Request) (workshopView, error) {
	v := workshopView{Role: roleOf(r), View: oneOf(r.URL.Query().Get("view"), "cards", "table"), Show: oneOf(r.URL.Query().Get("show"), "all", "attention", "waiting")}
	workshop, err := s.Service.Store.Workshop(ctx, r.PathValue("id"))
	if err != nil {
		return v, err
	}
	v.Workshop = s.workshop(r, workshop)
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
		v.Counts.add(c)
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

func (s *server) card(m allocator.Machine, seat allocator.Seat, v workshopView) card {
	now := s.Service.Now()
	c := card{Machine: s.machine(m), Owner: v.owner(m.JoinToken), Helps: may(v.Role, "POST /admin/seats/{id}/message")}
	c.Away = !m.Connected && tunnelled(allocator.MachineState(c.State))
	switch {
	case m.State == allocator.Unhealthy:
		c.Trouble = m.Reason
	case m.Leaving != "" && c.Busy():
		c.Trouble = m.Leaving
	case m.Health == api.Unhealthy || m.Health == api.Degraded:
		c.Trouble = m.HealthReason
	}
	if !c.Busy() {
		c.Trouble = ""
	}
	if m.State == allocator.Assigned && !m.ActiveAt.IsZero() {
		if c.Active = now.Sub(m.ActiveAt) < working; !c.Active {
			c.IdleSince = orNil(m.ActiveAt)
		}
	}
	c.EndsAt = endOf(seat)
	c.Picture = v.Workshop.Previews && m.SeatID != "" && allocator.Watchable(m.Says.Desktop) && m.Connected
	if d, known := s.Service.Doing(m.ID); known {
		c.Load, c.Memory = d.Utilisation, d.Memory
	}
	return c
}

// owner is the name of a join token: whose machine it is that joined with it.
func (v workshopView) owner(token string) string {
	for _, t := range v.JoinTokens {
		if t.ID == token {
			return t.Name
		}
	}
	return token
}

func (n *counts) add(c card) {
	if c.Attention() {
		n.Attention++
	}
	switch allocator.MachineState(c.State) {
	case allocator.Requested, allocator.Launching, allocator.Booting, allocator.Rebooting, allocator.Draining:
		n.Starting++
	case allocator.Ready:
		n.Ready++
	case allocator.Assigned:
		n.InUse++
	case allocator.Unhealthy, allocator.Terminating, allocator.Terminated: // nobody can have it
	}
}

// oneOf is what was asked for, or the first where that is none of them.
func oneOf(asked string, all ...string) string {
	for _, one := range all {
		if one == asked {
			return one
		}
	}
	return all[0]
}

func (s *server) workshopPage(w http.ResponseWriter, r *http.Request) {
	v, err := s.workshopData(r.Context(), r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Told, _ = strconv.Atoi(r.URL.Query().Get("told")) // where that is nothing, nobody was
	s.render(w, r, http.StatusOK, "workshop.html", v)
}

func (s *server) workshopLive(w http.ResponseWriter, r *http.Request) {
	s.live(w, r, "workshop.html", "room", func() (any, error) { return s.workshopData(r.Context(), r) })
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

// Full reports whether people wait though they could not have a machine: all seats are
// taken.
func (v workshopView) Full() bool {
	return len(v.Queue) > 0 && v.Counts.InUse >= v.Workshop.Seats
}

// Views are the ways in which machines are shown, and Shows which.
func (workshopView) Views() []string { return []string{"cards", "table"} }

// Shows are those that there are to choose from.
func (workshopView) Shows() []string { return []string{"all", "attention", "waiting"} }

// At is the address of the page with a view.
func (v workshopView) At(view, show string) string {
	return "/admin/workshops/" + v.Workshop.ID + "?" + url.Values{"view": {view}, "show": {show}}.Encode()
}

// Live is where the room's news come from.
func (v workshopView) Live() string {
	return "/admin/workshops/" + v.Workshop.ID + "/live?" + url.Values{"view": {v.View}, "show": {v.Show}}.Encode()
}
