package allocator

import (
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// doingLife is how long what a machine does counts as what it does now. With several
	// allocators each hears some of its reports.
	doingLife = 90 * time.Second
	// mostDoings is of how many machines it is known.
	mostDoings = 20_000
)

// Doing is what the GPUs of a machine do. What it does not tell is nil.
type Doing struct {
	At          time.Time
	Utilisation *uint32 // of the busiest, in percent
	Memory      *uint64 // that is used on all, in bytes
}

// doings is what machines said last, in their reports to this allocator. It is not kept:
// after a restart the next reports tell it again.
type doings struct {
	mu sync.Mutex
	of map[string]Doing
}

func (d *doings) keep(machine string, r api.Report, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if len(d.of) >= mostDoings {
		for id, old := range d.of {
			if now.Sub(old.At).Abs() >= doingLife {
				delete(d.of, id)
			}
		}
	}
	if d.of == nil || len(d.of) >= mostDoings {
		d.of = map[string]Doing{}
	}
	d.of[machine] = doingOf(r.Readings, now)
}

func doingOf(readings []api.Reading, now time.Time) Doing {
	out := Doing{At: now}
	for _, r := range readings {
		if r.Utilisation != nil && (out.Utilisation == nil || *r.Utilisation > *out.Utilisation) {
			out.Utilisation = new(min(*r.Utilisation, 100))
		}
		if r.MemoryUsed != nil {
			sum := *r.MemoryUsed
			if out.Memory != nil {
				sum += *out.Memory
			}
			out.Memory = &sum
		}
	}
	return out
}

// Doing is what a machine does now, as far as it is known.
func (s *Service) Doing(machine string) (Doing, bool) {
	s.doing.mu.Lock()
	defer s.doing.mu.Unlock()
	d, known := s.doing.of[machine]
	return d, known && s.Now().Sub(d.At).Abs() < doingLife
}
