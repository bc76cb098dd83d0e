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

// Guard lets staff in and keeps who they are. Make it with New.
type Guard struct {
	people allocator.People
	now    func() time.Time
	wrong  attempts

	hashing chan struct{} // one at a time, so that a burst of log-ins takes no memory
	mu      sync.Mutex
	waits   map[string]int // how many wait for that, by network
	waiting int            // how many do in all
}

// New makes a guard.
func New(people allocator.People, now func() time.Time) *Guard {
	return &Guard{people: people, now: now, hashing: make(chan struct{}, 1), waits: map[string]int{}, wrong: attempts{now: now, of: map[string]attempt{}}}
}

// Check finds the user whose name and password these are. Unauthorized when they are
// nobody's, RateLimited when it was wrong too often from this address, or when too
// many log in at once.
func (g *Guard) Check(ctx context.Context, name, password, address string) (allocator.User, error) {
	if len(name) > MaxName || utf8.RuneCountInString(password) > MaxPassword { // nobody has such
		return allocator.User{}, wrong()
	}
	network := Network(address)
	sum := sha256.Sum256([]byte(name + "\x00" + network))
	who := string(sum[:])
	giveBack, wait := g.wrong.count(who)
	if wait > 0 {
		return allocator.User{}, limited(wait, "Too many wrong passwords", "Try again in %d seconds.", int(wait.Seconds())+1)
	}
	user, match, err := g.compareWith(ctx, name, password, network)
	if err != nil { // it is not known whether it was wrong
		giveBack()
		return allocator.User{}, err
	}
	if !match {
		return allocator.User{}, wrong()
	}
	g.wrong.forget(who)
	return user, nil
}

// compareWith compares a password with that of a user, or with none.
func (g *Guard) compareWith(ctx context.Context, name, password, network string) (user allocator.User, match bool, err error) {
	user, err = g.people.User(ctx, name)
	if api.CodeOf(err) == api.NotFound {
		user.PasswordHash, err = nobody, nil
	}
	if err != nil {
		return user, false, err
	}
	match, err = g.compare(ctx, password, user.PasswordHash, network)
	return user, match, err
}

func wrong() error {
	return api.Problemf(api.Unauthorized, "That is not right", "Check the user's name and the password.")
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
