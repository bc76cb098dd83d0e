package agent

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Host says what the machine is like beside its GPUs.
type Host interface {
	// Facts are those of this moment. What cannot be found out is absent.
	Facts() api.Host
}

const (
	// A disk is almost full below diskLow of it, and below diskLeast in any case, until
	// diskGood of it is free again. So it is with memory.
	diskLow, diskGood     = 0.05, 0.07
	diskLeast             = 1 << 30
	memoryLow, memoryGood = 0.04, 0.08
	// killTold is how long it is told that memory was exhausted.
	killTold = 10 * time.Minute
)

// hostWatch remembers what was so before: what is told does not come and go.
type hostWatch struct {
	mu         sync.Mutex
	facts      *api.Host
	disk, full string // what is told while the disk, or memory, is almost full
	kills      *uint64
	killed     time.Time
}

// hostFacts are those of the last look; nil where nothing looks.
func (m *Machine) hostFacts() *api.Host {
	m.host.mu.Lock()
	defer m.host.mu.Unlock()
	return m.host.facts
}

// health looks at the machine, and tells what is scarce.
func (w *hostWatch) health(h Host, now time.Time, v verdict) verdict {
	facts := h.Facts()
	w.mu.Lock()
	defer w.mu.Unlock()
	w.facts = &facts
	w.disk = told(w.disk, facts.DiskFree, facts.DiskTotal, scarce(w.disk != "", facts.DiskFree, facts.DiskTotal, diskLow, diskGood, diskLeast),
		"The disk is almost full: %s of %s were free when that began. Delete what is not needed there, or move it elsewhere: on a full disk nothing can be saved.")
	w.full = told(w.full, facts.MemoryAvailable, facts.MemoryTotal, scarce(w.full != "", facts.MemoryAvailable, facts.MemoryTotal, memoryLow, memoryGood, 0),
		"Memory is almost exhausted: %s of %s were free when that began. Save what is open, and close programs that are not needed, before Linux ends one.")
	all := slices.DeleteFunc([]string{w.disk, w.full}, func(s string) bool { return s == "" })
	if w.killing(facts.OutOfMemory, now) {
		all = append(all, "Memory was exhausted at "+w.killed.UTC().Format("15:04")+" UTC, and Linux ended a program. Save often, and work on less at once.")
	}
	if len(all) == 0 {
		return v
	}
	if v.health == api.Healthy {
		v.health = api.Degraded
	}
	v.reason = gpu.Clip(strings.TrimSpace(v.reason + " " + strings.Join(all, " ")))
	return v
}

// told is what is told of something that is scarce, with how much was free at first: with
// how much is free now it would be a change of health at each look.
func told(before string, free, total *uint64, scarce bool, words string) string {
	switch {
	case !scarce:
		return ""
	case before != "":
		return before
	}
	return fmt.Sprintf(words, gib(*free), gib(*total))
}

// scarce reports whether too little of something is free. It has to be more again than
// what it began to be scarce at.
func scarce(was bool, free, total *uint64, low, good float64, least uint64) bool {
	if free == nil || total == nil || *total == 0 {
		return false
	}
	share := float64(*free) / float64(*total)
	if was {
		return share < good || *free < least+least/4
	}
	return share < low || *free < least
}

// killing reports whether Linux has ended a program lately, as memory was exhausted.
func (w *hostWatch) killing(count *uint64, now time.Time) bool {
	if count != nil {
		if w.kills != nil && *count > *w.kills {
			w.killed = now
		}
		w.kills = count
	}
	return !w.killed.IsZero() && now.Sub(w.killed) < killTold
}

func gib(bytes uint64) string { return fmt.Sprintf("%.1f GiB", float64(bytes)/(1<<30)) }
