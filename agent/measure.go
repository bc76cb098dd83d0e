package agent

import (
	"cmp"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// maxPrograms is of how many programs the wire types tell in a session. Settings name no
// more, but may name others while it goes on.
const maxPrograms = 20

// add adds so many seconds to the session that goes on.
func (u *Usage) add(seconds int, readings []api.Reading, host *api.Host) {
	use := &u.kept.Now
	active, known := u.active()
	for name := range u.running {
		if name != active {
			u.program(name, seconds, 0, known)
		}
	}
	if active != "" { // also one that has just begun
		u.program(active, seconds, seconds, known)
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

// program adds so many seconds to a program that runs, and to when its window was active.
func (u *Usage) program(name string, runs, active int, known bool) {
	use := &u.kept.Now
	i := slices.IndexFunc(use.Software, func(s api.SoftwareUse) bool { return s.Name == name })
	if i < 0 && len(use.Software) >= maxPrograms {
		return
	}
	if i < 0 {
		use.Software = append(use.Software, api.SoftwareUse{Name: name, First: use.Seconds})
		i = len(use.Software) - 1
	}
	one := &use.Software[i]
	one.Seconds += runs
	if known {
		if one.Active != nil {
			active += *one.Active
		}
		one.Active = &active
	}
}

// active is the program whose window is active, and whether that is known: "" is another one.
func (u *Usage) active() (name string, known bool) {
	names := u.Software()
	if u.Window == nil || len(names) == 0 {
		return "", false
	}
	w, known := u.Window()
	if !known {
		return "", false
	}
	if w.Process > 0 {
		name = u.Programs.Of(w.Process, names)
	}
	if name == "" {
		at := slices.IndexFunc(names, func(n string) bool {
			return slices.ContainsFunc(w.Class, func(c string) bool { return strings.EqualFold(c, n) })
		})
		if at >= 0 {
			name = names[at]
		}
	}
	return name, true
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
