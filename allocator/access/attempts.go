package access

import (
	"cmp"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	// free is how many wrong passwords are let pass at once.
	free = 5
	// pause is how long a user is locked after that, for the address that guesses;
	// it doubles with each further wrong password, up to longest. Others are let
	// in, so that nobody can lock an instructor out of a workshop.
	pause   = 5 * time.Second
	longest = 15 * time.Minute
)

// mostCounted is of how many names and networks wrong passwords are counted.
const mostCounted = 10_000

// attempts are the wrong passwords of each user, from each network.
type attempts struct {
	now func() time.Time

	mu sync.Mutex
	of map[string]attempt
}

type attempt struct {
	count int
	until time.Time // when it is free again; zero before it was locked
}

// count takes an attempt for a wrong one until it shows to be right, so that many at
// once are as many as one after the other. It says how long to wait instead, or how to
// take that back where nobody has looked at it.
func (a *attempts) count(who string) (giveBack func(), wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	counted := a.of[who]
	if wait := counted.until.Sub(a.now()); wait > 0 {
		return nil, wait
	}
	if len(a.of) >= mostCounted {
		a.makeRoom()
	}
	counted.count++
	if over := counted.count - free; over >= 0 {
		counted.until = a.now().Add(min(pause<<min(over, 10), longest))
	}
	a.of[who] = counted
	return func() { a.giveBack(who, counted.until) }, 0
}

// giveBack takes back an attempt that locked a user until a time, or did not.
func (a *attempts) giveBack(who string, until time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	counted, known := a.of[who]
	if !known { // a right one came meanwhile
		return
	}
	counted.count--
	if counted.count < free || counted.until.Equal(until) {
		counted.until = time.Time{}
	}
	if a.of[who] = counted; counted.count == 0 {
		delete(a.of, who)
	}
}

// makeRoom forgets half of them: those that are free first, and of these who was wrong
// least. Names that somebody makes up free nobody who is locked.
func (a *attempts) makeRoom() {
	all := slices.SortedFunc(maps.Keys(a.of), func(x, y string) int {
		return cmp.Or(a.of[x].until.Compare(a.of[y].until), cmp.Compare(a.of[x].count, a.of[y].count))
	})
	for _, who := range all[:len(all)/2] {
		delete(a.of, who)
	}
}

func (a *attempts) forget(who string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.of, who)
}
