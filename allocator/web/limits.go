package web

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Claims that are let through at once, and how often one more is after that. A whole
// school may join from one address, and everybody of the largest workshop may reload.
const (
	addressBurst, addressEvery   = 1000, 200 * time.Millisecond
	workshopBurst, workshopEvery = 2000, 50 * time.Millisecond
)

// Log-ins by single sign-on that may begin at once from an address, and how often one
// more is after that: each is kept in the database for a while.
const signOnBurst, signOnEvery = 60, 2 * time.Second

// Log-ins with a password that are let through at once from an address, and how often one
// more is after that. Those that are right do not count: a room of staff has one address.
const logInBurst, logInEvery = 100, time.Second

// mostKeys is how many addresses, and how many workshops, are counted at once.
const mostKeys = 10_000

// limiter lets each key through so many times at once, and then at a steady pace.
type limiter struct {
	burst int
	every time.Duration
	now   func() time.Time

	mu     sync.Mutex
	rested map[string]time.Time // when each key has all of its burst again
}

func newLimiter(burst int, every time.Duration, now func() time.Time) *limiter {
	return &limiter{burst: burst, every: every, now: now, rested: map[string]time.Time{}}
}

// wait lets a key through and counts that, or says how long it has to wait.
func (l *limiter) wait(key string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	at := l.rested[key]
	if at.Before(now) {
		at = now
	}
	if most := now.Add(time.Duration(l.burst) * l.every); at.After(most) { // the clock was set back
		at = most
	}
	if over := at.Sub(now) - time.Duration(l.burst-1)*l.every; over > 0 {
		return over
	}
	if len(l.rested) >= mostKeys {
		l.forget()
	}
	l.rested[key] = at.Add(l.every)
	return 0
}

// giveBack takes back what was counted last for a key, or a part of it.
func (l *limiter) giveBack(key string, part time.Duration) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if at, known := l.rested[key]; known {
		l.rested[key] = at.Add(-part)
	}
}

// forget makes room: of half the keys, those that came least.
func (l *limiter) forget() {
	keys := slices.SortedFunc(maps.Keys(l.rested), func(a, b string) int {
		return cmp.Compare(l.rested[a].UnixNano(), l.rested[b].UnixNano())
	})
	for _, key := range keys[:len(keys)/2] {
		delete(l.rested, key)
	}
}

// limits bound how often seats are claimed and log-ins begin, and how much machines log.
type limits struct{ addresses, workshops, logs, signOns, logIns *limiter }

func newLimits(now func() time.Time) limits {
	return limits{
		addresses: newLimiter(addressBurst, addressEvery, now), workshops: newLimiter(workshopBurst, workshopEvery, now),
		logs: newLimiter(logBurst, logEvery, now), signOns: newLimiter(signOnBurst, signOnEvery, now), logIns: newLimiter(logInBurst, logInEvery, now),
	}
}

// What those are told who come too often.
const (
	manyLogIns = "Too many people log in from your network at once"
	notLost    = "; your seat is not lost"
)

// signOn counts a log-in that begins. RateLimited when there were too many from this
// address.
func (l limits) signOn(r *http.Request) error {
	if wait := l.signOns.wait(access.Network(remote(r))); wait > 0 {
		return tooMany(wait, manyLogIns, ", or log in with a password")
	}
	return nil
}

// logIn counts a log-in with a password. RateLimited when there were too many from this
// address. It is taken back by calling right.
func (l limits) logIn(address string) (right func(), err error) {
	network := access.Network(address)
	if wait := l.logIns.wait(network); wait > 0 {
		return nil, tooMany(wait, manyLogIns, ", or from another network")
	}
	return func() { l.logIns.giveBack(network, logInEvery) }, nil
}

// claim counts a claim. RateLimited when there were too many from this address, or
// for this workshop.
func (l limits) claim(r *http.Request, code string) error {
	if wait := l.addresses.wait(access.Network(remote(r))); wait > 0 {
		return tooMany(wait, "Too many people join from your network at once", notLost)
	}
	if wait := l.workshops.wait(allocator.NormalCode(code)); wait > 0 {
		return tooMany(wait, "Too many people join this workshop at once", notLost)
	}
	return nil
}

// tooMany says when to try again, and what else is of use.
func tooMany(wait time.Duration, title, besides string) error {
	p := api.Problemf(api.RateLimited, title, "Try again in %d seconds%s.", int(wait.Seconds())+1, besides)
	p.RetryAfter = wait
	return p
}
