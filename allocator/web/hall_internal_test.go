package web

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/api"
)

// hall is a workshop with 500 machines, and who comes and goes there.
type hall struct {
	*allocatortest.World
	workshop allocator.Workshop
	agents   []allocator.Agent
	machines map[string]allocator.Machine
	held     []string // what shows whose seats they are
	left     int      // how many of them were given back
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{World: allocatortest.New(t), machines: map[string]allocator.Machine{}}
	h.Pools[0].MaxMachines, h.Rates, h.Agents.Desktop = 500, dollar{}, "vnc"
	h.agents = fiveHundred(t, h.World)
	open, err := h.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	h.workshop = open[0]
	_, err = h.ChangeWorkshop(t.Context(), "admin", h.workshop.ID, api.WorkshopChange{Previews: new(true)})
	require.NoError(t, err)
	store := h.Store.(*sqlstore.Store)
	require.NoError(t, store.Beat(t.Context(), allocator.Peer{ID: "one"}, time.Hour))
	for _, m := range h.Machines(t, h.workshop) {
		require.NoError(t, store.Connect(t.Context(), m.ID, allocator.Tunnel{ID: m.ID, Holder: "one"}))
	}
	h.look(t)
	return h
}

// look finds who has which machine.
func (h *hall) look(t *testing.T) {
	t.Helper()
	h.Settled()
	for _, m := range h.Machines(t, h.workshop) {
		if m.SeatID != h.machines[m.ID].SeatID && m.SeatID != "" {
			require.NoError(t, h.Store.KeepPreviewsTold(t.Context(), m.SeatID))
		}
		h.machines[m.ID] = m
	}
}

func (h *hall) join(t *testing.T, people int) {
	t.Helper()
	for range people {
		claimed, err := h.Claim(t.Context(), api.Claim{Code: h.workshop.JoinCode, Email: fmt.Sprintf("participant-%03d@example.org", len(h.held))}, "")
		require.NoError(t, err)
		h.held = append(h.held, claimed.Token)
	}
}

// goesOn is what happens in a second of a workshop.
func (h *hall) goesOn(t *testing.T, second int) {
	t.Helper()
	switch {
	case second < 10:
		h.join(t, 50)
	case second%10 == 2:
		h.join(t, 1)
	case second%10 == 7:
		require.NoError(t, h.Leave(t.Context(), h.held[h.left]))
		h.left++
		require.NoError(t, h.Reconcile(t.Context()))
	}
	h.look(t)
	for i := second % 10; i < len(h.agents); i += 10 {
		health := api.Healthy
		if i == second {
			health = api.Degraded
		}
		h.says(t, second, i, health)
	}
}

func (h *hall) says(t *testing.T, second, i int, health api.Health) {
	t.Helper()
	m := h.machines[h.agents[i].MachineID]
	busy, used := uint32((second*7+i)%101), uint64(second*i)<<20
	seconds := 3600 + second + i
	_, err := h.Report(t.Context(), h.agents[i], api.Report{
		Version: "v1", BootID: "b", Health: health, Readings: []api.Reading{{UUID: "GPU-1", Utilisation: &busy, MemoryUsed: &used}},
		Session: &api.SessionStatus{ID: m.Session(), IdleSeconds: new(second % 20), Desktop: "vnc"},
		Use:     &api.SessionUse{Session: m.Session(), Seconds: seconds, GPUActive: &seconds, GPUPeak: &busy, GPUMemory: &used, MemoryPeak: &used},
	})
	require.NoError(t, err)
}
