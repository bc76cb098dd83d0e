package gpu

import (
	"slices"
	"sync"
	"time"
)

// maxFaults is how many faults are known at once; the oldest makes room.
const maxFaults = 100

// Fault is an event that still counts.
type Fault struct {
	GPU      string    `json:"gpu"`
	Instance string    `json:"instance,omitempty"`
	XID      uint64    `json:"xid"`
	Count    int       `json:"count"`
	At       time.Time `json:"at"` // the last time
}

// brief reports whether a fault counts for a while only.
func (f Fault) brief() bool { return ruleOf(meaning(f.XID).symptom).brief > 0 }

// over reports whether a fault is so old that nobody needs to be told.
func (f Fault) over(now time.Time) bool {
	return f.brief() && now.Sub(f.At) >= ruleOf(meaning(f.XID).symptom).brief
}

// faults are what events have told. It has a lock of its own, as events come while
// somebody looks.
type faults struct {
	mu     sync.Mutex
	all    []Fault
	driver string // which start of the driver they are of
	counts map[count]uint64
	// unsaved says that they differ from what is kept.
	unsaved bool
}

// count is what is counted of events.
type count struct {
	gpu string
	xid uint64
}

// add takes an event, and reports whether it says something new.
func (f *faults) add(e Event, now time.Time) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	if c := (count{e.UUID, e.XID}); f.counts[c] > 0 || len(f.counts) < maxFaults {
		f.counts[c]++
	}
	if meaning(e.XID).symptom == noSymptom {
		return false
	}
	f.all = slices.DeleteFunc(f.all, func(f Fault) bool { return f.over(now) })
	for i := range f.all {
		if known := &f.all[i]; known.GPU == e.UUID && known.XID == e.XID && known.Instance == e.Instance {
			f.unsaved = f.unsaved || now.Sub(known.At) > time.Minute // a storm is not written down one by one
			known.Count, known.At = known.Count+1, now
			return false
		}
	}
	if len(f.all) >= maxFaults {
		at := f.oldest()
		f.all = slices.Delete(f.all, at, at+1)
	}
	f.all = append(f.all, Fault{GPU: e.UUID, Instance: e.Instance, XID: e.XID, Count: 1, At: now})
	f.unsaved = true
	return true
}

// oldest is the place of the fault that makes room: the oldest of those that count for
// a while, or of all.
func (f *faults) oldest() int {
	worst := 0
	for i, one := range f.all {
		was := f.all[worst]
		if one.brief() != was.brief() {
			if one.brief() {
				worst = i
			}
		} else if one.At.Before(was.At) {
			worst = i
		}
	}
	return worst
}

// forget drops the faults that are over, and all of them once the driver has started
// anew, as that resets the GPUs. Start is which start of the driver it is; "" tells nothing.
func (f *faults) forget(start string, now time.Time) []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	before := len(f.all)
	if start != "" && start != f.driver {
		if f.driver != "" {
			f.all = nil
		}
		f.driver, f.unsaved = start, true
	}
	f.all = slices.DeleteFunc(f.all, func(f Fault) bool { return f.over(now) })
	f.unsaved = f.unsaved || len(f.all) != before
	return slices.Clone(f.all)
}

// findFaults adds what events have told.
func (g *GPUs) findFaults(now time.Time, s *sight) {
	for _, f := range g.faults.forget(g.seen.start, now) {
		whose := g.nameOf(f.GPU)
		if f.Instance != "" {
			whose += " instance " + f.Instance
		}
		said := called(f.XID)
		s.find(meaning(f.XID).symptom, f.GPU+" "+f.Instance+" "+said, "%s (%s)", whose, said)
	}
}
