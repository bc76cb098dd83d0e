package web

import (
	"context"
	"html/template"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// mostMachines is how many machines a page shows; those that are older are on the next.
const mostMachines = 500

// machineFilter is what the page of all machines is asked for.
type machineFilter struct {
	Workshop, State, Health, Pool, Text string
	Ended                               bool
	Before                              string
}

func readMachineFilter(q url.Values) machineFilter {
	return machineFilter{
		Workshop: q.Get("workshop"), State: q.Get("state"), Health: q.Get("health"), Pool: q.Get("pool"),
		Text: q.Get("q"), Ended: q.Has("ended"), Before: q.Get("before"),
	}
}

// Query is the filter as it stands in an address.
func (f machineFilter) Query() template.URL {
	q := given(map[string]string{"workshop": f.Workshop, "state": f.State, "health": f.Health, "pool": f.Pool, "q": f.Text, "before": f.Before})
	if f.Ended {
		q.Set("ended", "")
	}
	return template.URL(q.Encode()) //nolint:gosec // encoded
}

// Some reports whether anything is left out, so that none found is not none there.
func (f machineFilter) Some() bool { return f != machineFilter{} && f != machineFilter{Ended: true} }

// machinesView is the page of all machines.
type machinesView struct {
	Filter   machineFilter
	Machines []machineLine
	States   []stateCount
	Choices  machineChoices
	Older    string // where older ones are, "" where there are none
	Shown    int
	Most     int
	Role     allocator.Role
}

// machineLine is a machine with the name of its workshop.
type machineLine struct {
	api.Machine
	WorkshopName string
	Doing        *allocator.Doing // nil where that is not known
	Dear         string           // said of one that costs more than it may
}

// stateCount is how many machines are in a state.
type stateCount struct {
	State string
	Count int
}

// machineChoices are what the form lets one choose from.
type machineChoices struct {
	Workshops []choice
	States    []string
	Healths   []string
	Pools     []string
}

// choice is one of several, by what it is called.
type choice struct{ Value, Name string }

func (s *server) routeMachines(mux *routes) {
	mux.HandleFunc("GET /admin/machines", s.forStaff(func(w http.ResponseWriter, r *http.Request) {
		v, err := s.machinesData(r)
		if err == nil {
			v.Choices, err = s.machineChoices(r.Context())
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.render(w, r, http.StatusOK, "machines.html", v)
	}))
	mux.HandleFunc("GET /admin/machines/live", s.forStaff(func(w http.ResponseWriter, r *http.Request) {
		s.live(w, r, "machines.html", "machines", func(*look) (any, error) { return s.machinesData(r) })
	}))
}

// machinesData finds the machines that are asked for.
func (s *server) machinesData(r *http.Request) (machinesView, error) {
	f := readMachineFilter(r.URL.Query())
	v := machinesView{Filter: f, Role: roleOf(r), Most: mostMachines}
	before, err := readPlace(f.Before)
	if err != nil {
		return v, err
	}
	found, err := s.Service.Store.FindMachines(r.Context(), allocator.MachineQuery{
		Workshop: f.Workshop, Pool: f.Pool, State: allocator.MachineState(f.State), Health: f.Health, Text: f.Text, Ended: f.Ended, Before: before, Limit: mostMachines,
	})
	if err != nil {
		return v, err
	}
	count := map[allocator.MachineState]int{}
	for _, m := range found {
		count[m.State]++
		name, err := s.workshopName(r.Context(), m.WorkshopID)
		if err != nil {
			return v, err
		}
		line := machineLine{Machine: s.machine(m), WorkshopName: name, Dear: s.Service.OverHourCap(m)}
		if doing, known := s.Service.Doing(m.ID); known {
			line.Doing = &doing
		}
		v.Machines = append(v.Machines, line)
	}
	for _, state := range allocator.MachineStates() {
		if count[state] > 0 {
			v.States = append(v.States, stateCount{string(state), count[state]})
		}
	}
	v.Shown = len(found)
	if len(found) == mostMachines {
		last, next := found[len(found)-1], f
		next.Before = writePlace(allocator.Place{At: last.CreatedAt, ID: last.ID})
		v.Older = "/admin/machines?" + string(next.Query())
	}
	return v, nil
}

func (s *server) machineChoices(ctx context.Context) (machineChoices, error) {
	out := machineChoices{Healths: []string{string(api.Healthy), string(api.Degraded), string(api.Unhealthy)}, Pools: []string{}}
	workshops, err := s.workshopList(ctx)
	if err != nil {
		return out, err
	}
	for _, w := range workshops {
		out.Workshops = append(out.Workshops, choice{w.ID, w.Name})
	}
	for _, state := range allocator.MachineStates() {
		out.States = append(out.States, string(state))
	}
	for _, p := range s.Service.Pools {
		out.Pools = append(out.Pools, p.Name)
	}
	out.Pools = append(out.Pools, allocator.OwnMachines)
	return out, nil
}

// workshopName is what a workshop is called, which never changes.
func (s *server) workshopName(ctx context.Context, id string) (string, error) {
	if name, known := s.names.Load(id); known {
		return name.(string), nil
	}
	w, err := s.Service.Store.Workshop(ctx, id)
	if err != nil {
		return "", err
	}
	s.names.Store(id, w.Name)
	return w.Name, nil
}

// placeForm is how a place in a list stands in an address.
const placeForm = "2006-01-02T15:04:05.000000Z"

func writePlace(p allocator.Place) string { return p.At.UTC().Format(placeForm) + "~" + p.ID }

// readPlace reads what writePlace wrote. Invalid when it did not.
func readPlace(typed string) (allocator.Place, error) {
	if typed == "" {
		return allocator.Place{}, nil
	}
	at, id, _ := strings.Cut(typed, "~")
	t, err := time.Parse(placeForm, at)
	if err != nil || id == "" {
		return allocator.Place{}, api.Problemf(api.Invalid, "That is no page of the list", "Begin with the first page; each names the one after it.")
	}
	return allocator.Place{At: t, ID: id}, nil
}
