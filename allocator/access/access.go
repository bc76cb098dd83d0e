package access

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"github.com/alexedwards/argon2id"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Admin is the first user.
const Admin = "admin"

// Users keeps password hashes.
type Users interface {
	PasswordHash(ctx context.Context, user string) (string, error)
	SetPasswordHash(ctx context.Context, user, hash string) error
}

const (
	// free is how many wrong passwords are let pass at once.
	free = 5
	// pause is how long a user is locked after that, for the address that guesses;
	// it doubles with each further wrong password, up to longest. Others are let
	// in, so that nobody can lock an instructor out of a workshop.
	pause   = 5 * time.Second
	longest = 15 * time.Minute
)

// cost is what a hash costs: OWASP's least for Argon2id.
var cost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// waiting is how many log-ins may wait for their password to be checked.
const waiting = 20

// Guard checks passwords. Make it with New.
type Guard struct {
	users Users
	now   func() time.Time

	queue   chan struct{} // one place for each that waits
	hashing chan struct{} // one at a time, so that a burst of log-ins takes no memory
	mu      sync.Mutex
	wrong   map[string]attempts
}

// New makes a guard.
func New(users Users, now func() time.Time) *Guard {
	return &Guard{users: users, now: now, queue: make(chan struct{}, waiting), hashing: make(chan struct{}, 1), wrong: map[string]attempts{}}
}

type attempts struct {
	count int
	until time.Time
}

// Ensure gives admin the initial password, unless it has one.
func (g *Guard) Ensure(ctx context.Context, initial string) error {
	hash, err := g.users.PasswordHash(ctx, Admin)
	if err != nil || hash != "" {
		return err
	}
	return g.Set(ctx, Admin, initial)
}

// Set changes a user's password.
func (g *Guard) Set(ctx context.Context, user, password string) error {
	if len(password) < 12 {
		return api.Problemf(api.Invalid, "The password is too short", "It needs twelve characters at least.")
	}
	hash, err := argon2id.CreateHash(password, cost)
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	return g.users.SetPasswordHash(ctx, user, hash)
}

// nobody is a hash that no password has, so that an unknown user takes as long
// as a known one.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Check reports whether the password is the user's. Unauthorized when it is not,
// RateLimited when it was wrong too often from this address, or when too many
// log in at once.
func (g *Guard) Check(ctx context.Context, user, password, address string) error {
	who := sha256.Sum256([]byte(user + "\x00" + network(address)))
	if wait := g.count(string(who[:])); wait > 0 {
		p := api.Problemf(api.RateLimited, "Too many wrong passwords", "Try again in %d seconds.", int(wait.Seconds())+1)
		p.RetryAfter = wait
		return p
	}
	hash, err := g.users.PasswordHash(ctx, user)
	if err != nil {
		return err
	}
	if hash == "" {
		hash = nobody
	}
	match, err := g.compare(ctx, password, hash)
	if err != nil {
		return err
	}
	if !match {
		return api.Problemf(api.Unauthorized, "That is not right", "Check the user's name and the password.")
	}
	g.forget(string(who[:]))
	return nil
}

// compare waits its turn and compares. Those who have gone meanwhile cost nothing.
func (g *Guard) compare(ctx context.Context, password, hash string) (bool, error) {
	select {
	case g.queue <- struct{}{}:
		defer func() { <-g.queue }()
	default:
		p := api.Problemf(api.RateLimited, "Too many people log in at once", "Try again in a few seconds.")
		p.RetryAfter = pause
		return false, p
	}
	select {
	case g.hashing <- struct{}{}:
		defer func() { <-g.hashing }()
	case <-ctx.Done():
		return false, ctx.Err()
	}
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check the password: %w", err)
	}
	return match, nil
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

// network is whom an address stands for: with IPv6 a subscriber has a /64.
func network(address string) string {
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
