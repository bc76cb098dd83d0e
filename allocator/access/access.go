package access

import (
	"context"
	"fmt"
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

// Guard checks passwords.
type Guard struct {
	Users Users
	Now   func() time.Time

	hashing sync.Mutex // one at a time, so that a burst of log-ins takes no memory
	mu      sync.Mutex
	wrong   map[string]attempts
}

type attempts struct {
	count int
	until time.Time
}

// Ensure gives admin the initial password, unless it has one.
func (g *Guard) Ensure(ctx context.Context, initial string) error {
	hash, err := g.Users.PasswordHash(ctx, Admin)
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
	g.hashing.Lock()
	hash, err := argon2id.CreateHash(password, cost)
	g.hashing.Unlock()
	if err != nil {
		return fmt.Errorf("hash the password: %w", err)
	}
	return g.Users.SetPasswordHash(ctx, user, hash)
}

// nobody is a hash that no password has, so that an unknown user takes as long
// as a known one.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// Check reports whether the password is the user's. Unauthorized when it is not,
// RateLimited when it was wrong too often from this address.
func (g *Guard) Check(ctx context.Context, user, password, address string) error {
	who := user + "\x00" + address
	if wait := g.locked(who); wait > 0 {
		p := api.Problemf(api.RateLimited, "Too many wrong passwords", "Try again in %d seconds.", int(wait.Seconds())+1)
		p.RetryAfter = wait
		return p
	}
	hash, err := g.Users.PasswordHash(ctx, user)
	if err != nil {
		return err
	}
	if hash == "" {
		hash = nobody
	}
	g.hashing.Lock()
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	g.hashing.Unlock()
	if err != nil {
		return fmt.Errorf("check the password: %w", err)
	}
	g.count(who, match)
	if !match {
		return api.Problemf(api.Unauthorized, "That is not right", "Check the user's name and the password.")
	}
	return nil
}

func (g *Guard) locked(who string) time.Duration {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.wrong[who].until.Sub(g.Now())
}

func (g *Guard) count(who string, match bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if match {
		delete(g.wrong, who)
		return
	}
	if g.wrong == nil || len(g.wrong) > 10_000 { // names that somebody makes up take no memory
		g.wrong = map[string]attempts{}
	}
	a := g.wrong[who]
	a.count++
	if over := a.count - free; over >= 0 {
		a.until = g.Now().Add(min(pause<<min(over, 10), longest))
	}
	g.wrong[who] = a
}
