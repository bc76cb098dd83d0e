package gpu

import (
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Keeper keeps what is known of the GPUs over a restart of the agent.
type Keeper interface {
	// Load returns what was saved last, and the zero Kept where nothing was.
	Load() (Kept, error)
	// Save keeps it.
	Save(Kept) error
}

// Kept is what is kept over a restart of the agent. It is bounded, as GPUs and faults are.
type Kept struct {
	// Boot and Driver are the boot of the machine and the start of its driver that
	// the faults are of.
	Boot   string  `json:"boot"`
	Driver string  `json:"driver"`
	Faults []Fault `json:"faults"`
	// Known are the GPUs of this boot, and Lost those of them that could not be reached:
	// a reboot does not make them forgotten.
	Known []api.GPU `json:"known"`
	Lost  []string  `json:"lost"`
	// Best is the best PCIe link that each of them was seen with, by its UUID.
	Best map[string]Link `json:"best"`
}

// restore takes over what was kept, as far as it still holds.
func (g *GPUs) restore(k Kept) {
	for _, gpu := range k.Known {
		if k.Boot == g.boot || slices.Contains(k.Lost, gpu.UUID) {
			g.known = append(g.known, gpu)
		}
		if link, ok := k.Best[gpu.UUID]; ok {
			g.best[gpu.UUID] = link
		}
	}
	if k.Boot == g.boot {
		g.faults.all, g.faults.driver = k.Faults[:min(len(k.Faults), maxFaults)], k.Driver
		g.worked = len(g.known) > 0
	}
}

// keep saves what would be lost with the agent, where that changed.
func (g *GPUs) keep() {
	if g.keeper == nil {
		return
	}
	g.faults.mu.Lock()
	unsaved := g.unsaved || g.faults.unsaved
	k := Kept{
		Boot: g.boot, Driver: g.faults.driver, Faults: slices.Clone(g.faults.all),
		Known: g.seen.known, Lost: g.seen.lost, Best: g.seen.best,
	}
	g.unsaved, g.faults.unsaved = false, false
	g.faults.mu.Unlock()
	if !unsaved {
		return
	}
	if err := g.keeper.Save(k); err != nil {
		g.unsaved = true // tried again at the next look
		g.trouble("what is known of the GPUs could not be kept; after a restart the agent may not know of faults before it", err)
	}
}
