package allocator

import (
	"hash/maphash"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Live is what an agent said last.
type Live struct {
	At     time.Time // when it arrived
	Report api.Report
}

// LastReport is the newest report of a machine since the allocator started.
func (s *Service) LastReport(machine string) (Live, bool) {
	v, ok := s.live.Load(machine)
	if !ok {
		return Live{}, false
	}
	return v.(Live), true
}

// forget drops the reports of machines that are not among the living.
func (s *Service) forget(living []Machine) {
	keep := make(map[string]bool, len(living))
	for _, m := range living {
		keep[m.ID] = true
	}
	s.live.Range(func(id, _ any) bool {
		if !keep[id.(string)] {
			s.live.Delete(id)
			s.notices.Delete(id)
		}
		return true
	})
}

// locks are locks by name. Two names may share one, so there is nothing to clean
// up.
type locks [64]sync.Mutex

var lockSeed = maphash.MakeSeed()

func (l *locks) lock(name string) (unlock func()) {
	mu := &l[maphash.String(lockSeed, name)%uint64(len(l))]
	mu.Lock()
	return mu.Unlock
}
