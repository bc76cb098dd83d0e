package access

import (
	"context"
	"crypto/sha256"
	"net/netip"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Admin is the first user.
const Admin = "admin"

const (
	// free is how many wrong passwords are let pass at once.
	free = 5
	// pause is how long a user is locked after that, for the address that guesses;
	// it doubles with each further wrong password, up to longest. Others are let
	// in, so that nobody can lock an instructor out of a workshop.
	pause   = 5 * time.Second
	longest = 15 * time.Minute
)

// waiting is how many log-ins may wait for their password to be checked.
const waiting = 20

// Guard lets staff in and keeps who they are. Make it with New.
type Guard struct {
	people allocator.People
	now    func() time.Time

	queue   chan struct{} // one place for each that waits
	hashing chan struct{} // one at a time, so that a burst of log-ins takes no memory
	mu      sync.Mutex
	wrong   map[string]attempts
}

// New makes a guard.
func New(people allocator.People, now func() time.Time) *Guard {
	return &Guard{people: people, now: now, queue: make(chan struct{}, waiting), hashing: make(chan struct{}, 1), wrong: map[string]attempts{}}
}

type attempts struct {
	count int
	until time.Time
}

// Check finds the user whose name and password these are. Unauthorized when they are
// nobody's, RateLimited when it was wrong too often from this address, or when too
// many log in at once.
func (g *Guard) Check(ctx context.Context, name, password, address string) (allocator.User, error) {
	if len(name) > MaxName || utf8.RuneCountInString(password) > MaxPassword { // nobody has such
		return allocator.User{}, wrong()
	}
	sum := sha256.Sum256([]byte(name + "\x00" + Network(address)))
	who := string(sum[:])
	if wait := g.count(who); wait > 0 {
		return allocator.User{}, limited(wait, "Too many wrong passwords", "Try again in %d seconds.", int(wait.Seconds())+1)
	}
	user, err := g.people.User(ctx, name)
	if api.CodeOf(err) == api.NotFound {
		user.PasswordHash, err = nobody, nil
	}
	if err != nil {
		return allocator.User{}, err
	}
	match, err := g.compare(ctx, password, user.PasswordHash)
	if err != nil {
		return allocator.User{}, err
	}
	if !match {
		return allocator.User{}, wrong()
	}
	g.forget(who)
	return user, nil
}

func wrong() error {
	return api.Problemf(api.Unauthorized, "That is not right", "Check the user's name and the password.")
}

// count takes an attempt for a wrong one until it shows to be right, so that many
// at once are as many as one after the other. It says how long to wait instead.
func (g *Guard) count(who string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	a := g.wrong[who]
	if wait := a.until.Sub(g.now()); wait > 0 {
		return wait
	}
	if len(g.wrong) > 10_000 { // names that somebody makes up take no memory
		clear(g.wrong)
	}
	a.count++
	if over := a.count - free; over >= 0 {
		a.until = g.now().Add(min(pause<<min(over, 10), longest))
	}
	g.wrong[who] = a
	return 0
}

func (g *Guard) forget(who string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.wrong, who)
}

// Network is whom an address stands for: with IPv6 a subscriber has a /64.
func Network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil || a.Unmap().Is4() {
		return address
	}
	prefix, err := a.Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
