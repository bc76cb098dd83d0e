package web

import (
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// askedAgain is how old what an agent says may be on a page that keeps itself up to date.
	askedAgain = 5 * time.Second
	// firstLines is how much of a log a page shows before more comes.
	firstLines = 500
)

// machineView is one machine's page.
type machineView struct {
	Machine  api.Machine
	Workshop string // its name
	Timeline []allocator.Change
	Now      *api.Status // as its agent says it now; nil where that is not known
	GPUs     []gpuNow
	Can      []string // what may be done to it now, by the names of confirmations
	Role     allocator.Role
	Log      *logView // nil for who may not read it
}

// gpuNow is a GPU as it is now.
type gpuNow struct {
	api.GPU
	Now *api.Reading // nil where that is not known
}

// Share is how much of the GPU's memory is used, in percent.
func (g gpuNow) Share() int {
	if g.Now == nil || g.Now.MemoryUsed == nil || g.Memory == 0 {
		return 0
	}
	return int(min(100, *g.Now.MemoryUsed*100/g.Memory))
}

func (s *server) routeMachine(mux *routes) {
	mux.HandleFunc("GET /admin/machines/{id}", s.forStaff(s.machinePage))
	mux.HandleFunc("GET /admin/machines/{id}/live", s.forStaff(s.machineLive))
	mux.HandleFunc("GET /admin/machines/{id}/log", s.forStaff(s.logFile))
	mux.HandleFunc("GET /admin/machines/{id}/log/live", s.forStaff(s.logLive))
	s.routeConfirmations(mux)
}

func (s *server) machinePage(w http.ResponseWriter, r *http.Request) {
	v, err := s.machineData(r, &lastStatus{})
	if err == nil && may(v.Role, "GET /admin/machines/{id}/log") {
		v.Log, err = s.firstLog(r, v.Machine.ID)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "machine.html", v)
}

func (s *server) machineLive(w http.ResponseWriter, r *http.Request) {
	s.live(w, r, "machine.html", "machine", func(l *look) (any, error) { return s.machineData(r, &l.status) })
}

func (s *server) machineData(r *http.Request, last *lastStatus) (machineView, error) {
	v := machineView{Role: roleOf(r)}
	m, err := s.Service.Store.Machine(r.Context(), r.PathValue("id"))
	if err != nil {
		return v, err
	}
	w, err := s.Service.Store.Workshop(r.Context(), m.WorkshopID)
	if err != nil {
		return v, err
	}
	v.Machine, v.Workshop, v.Can = s.machine(m), w.Name, handsOn(m)
	if w.State != allocator.Open {
		w.EndsAt = time.Time{}
	}
	v.Machine.Cost = s.machineCost(m, w.EndsAt)
	if v.Timeline, err = s.Service.Store.Timeline(r.Context(), m.ID); err != nil {
		return v, err
	}
	v.Now = last.of(time.Now(), func() *api.Status { return s.statusOf(r.Context(), m) })
	for _, gpu := range m.Inventory.GPUs {
		v.GPUs = append(v.GPUs, gpuNow{gpu, readingOf(gpu, v.Now)})
	}
	return v, nil
}

// lastStatus is what an agent said last, so that one page does not ask at each look.
type lastStatus struct {
	at     time.Time
	status *api.Status
}

func (l *lastStatus) of(now time.Time, ask func() *api.Status) *api.Status {
	if now.Sub(l.at) >= askedAgain {
		l.at, l.status = now, ask()
	}
	return l.status
}

func readingOf(gpu api.GPU, now *api.Status) *api.Reading {
	if now == nil {
		return nil
	}
	for _, r := range now.Readings {
		if r.UUID == gpu.UUID {
			return &r
		}
	}
	return nil
}
