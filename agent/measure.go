package agent

import (
	"cmp"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// maxPrograms is of how many programs the wire types tell in a session. Settings name no
// more, but may name others while it goes on.
const maxPrograms = 20

// add adds so many seconds to the session that goes on.
func (u *Usage) add(seconds int, readings []api.Reading, host *api.Host) {
	use := &u.kept.Now
	for name := range u.running {
		i := slices.IndexFunc(use.Software, func(s api.SoftwareUse) bool { return s.Name == name })
		if i < 0 && len(use.Software) >= maxPrograms {
			continue
		}
		if i < 0 {
			use.Software = append(use.Software, api.SoftwareUse{Name: name, First: use.Seconds})
			i = len(use.Software) - 1
		}
		use.Software[i].Seconds += seconds
	}
	use.Seconds += seconds
	u.addGPUs(seconds, readings)
	if host != nil && host.MemoryTotal != nil && host.MemoryAvailable != nil {
		highest(&use.MemoryPeak, *host.MemoryTotal-min(*host.MemoryAvailable, *host.MemoryTotal))
	}
	if host != nil && host.Load != nil {
		highest(&use.LoadPeak, *host.Load)
	}
}

func (u *Usage) addGPUs(seconds int, readings []api.Reading) {
	use, active, known := &u.kept.Now, false, false
	u.gpuBusy, u.gpuKnown = false, len(readings) > 0 || !u.hadGPU
	u.hadGPU = u.hadGPU || len(readings) > 0
	for _, r := range readings {
		u.gpuBusy = u.gpuBusy || r.Programs != nil && *r.Programs > 0
		u.gpuKnown = u.gpuKnown && (r.Utilisation != nil || r.Programs != nil)
		if r.Utilisation != nil {
			known = true
			active = active || *r.Utilisation > gpuActive
			highest(&use.GPUPeak, *r.Utilisation)
		}
		if r.MemoryUsed != nil {
			highest(&use.GPUMemory, *r.MemoryUsed)
		}
	}
	u.gpuBusy = u.gpuBusy || active
	if !known {
		return
	}
	total := 0 // in a place of its own: what was handed out before stays as it is
	if use.GPUActive != nil {
		total = *use.GPUActive
	}
	if active {
		total += seconds
	}
	use.GPUActive = &total
}

// highest keeps the highest value. What was handed out before stays as it is.
func highest[T cmp.Ordered](kept **T, value T) {
	if *kept == nil || value > **kept {
		*kept = &value
	}
}
