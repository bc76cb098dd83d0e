package web

import (
	"net/http"
	"slices"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// hands are what can be done to a machine, as they stand in addresses.
var hands = []string{"reboot", "replace", "drain", "terminate"}

// handsOn are those that can be done to a machine now.
func handsOn(m allocator.Machine) []string {
	free := m.State == allocator.Ready || m.State == allocator.Assigned
	able := map[string]bool{
		"reboot":    m.State.CanBecome(allocator.Rebooting) && m.AgentID != "" && m.Leaving == "" && m.Rebootable() == nil,
		"replace":   free && m.Leaving == "",
		"drain":     free,
		"terminate": m.State.CanBecome(allocator.Terminating),
	}
	var out []string
	for _, hand := range hands {
		if able[hand] {
			out = append(out, hand)
		}
	}
	return out
}

// confirmView asks whether something is to be done to a machine, and says what is lost.
type confirmView struct {
	What     string
	Machine  api.Machine
	Workshop string
	Collects bool // whether what its participant made is kept first
	Back     string
}

func (s *server) routeConfirmations(mux *routes) {
	mux.HandleFunc("GET /admin/machines/{id}/confirm/{what}", s.forStaff(s.confirmPage))
}

func (s *server) confirmPage(w http.ResponseWriter, r *http.Request) {
	m, err := s.Service.Store.Machine(r.Context(), r.PathValue("id"))
	v := confirmView{What: r.PathValue("what"), Machine: s.machine(m), Back: cameFrom(r, "/admin/machines/"+m.ID)}
	if err == nil {
		v.Workshop, err = s.workshopName(r.Context(), m.WorkshopID)
	}
	if err == nil {
		err = ableTo(v.What, m)
	}
	if err == nil {
		v.Collects, err = s.collectsFrom(r, m)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "confirm.html", v)
}

// ableTo refuses what cannot be done to a machine. NotFound for what nobody can do.
func ableTo(what string, m allocator.Machine) error {
	if !slices.Contains(hands, what) {
		return api.Problemf(api.NotFound, "There is no such page", "Check the address for a typing mistake.")
	}
	if what == "reboot" && m.Rebootable() != nil {
		return m.Rebootable()
	}
	if !slices.Contains(handsOn(m), what) {
		return api.Problemf(api.Conflict, "That cannot be done to the machine now", "Something else goes on with machine %s: %s. Look at its page again.", m.ID, m.Reason)
	}
	return nil
}

// collectsFrom reports whether what somebody made on a machine is kept where it is drained.
func (s *server) collectsFrom(r *http.Request, m allocator.Machine) (bool, error) {
	if m.Email == "" {
		return false, nil
	}
	w, err := s.Service.Store.Workshop(r.Context(), m.WorkshopID)
	return len(s.collects(w)) > 0, err
}
