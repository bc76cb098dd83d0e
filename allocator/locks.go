package allocator

import (
	"hash/maphash"
	"sync"
)

// locks are locks by name. Two names may share one, so there is nothing to clean
// up.
type locks [64]sync.Mutex

var lockSeed = maphash.MakeSeed()

func (l *locks) lock(name string) (unlock func()) {
	mu := &l[maphash.String(lockSeed, name)%uint64(len(l))]
	mu.Lock()
	return mu.Unlock
}
