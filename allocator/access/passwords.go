package access

import (
	"context"
	"fmt"
	"regexp"
	"time"
	"unicode/utf8"

	"github.com/alexedwards/argon2id"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// shortest is the least characters of a password.
	shortest = 12
	// MaxPassword is the most characters of a password: what is longer costs nothing to
	// refuse.
	MaxPassword = 1000
	// MaxName is the most characters of a user's name, or a token's.
	MaxName = 100
)

// placeholders are what guides and examples have in the place of a password.
var placeholders = regexp.MustCompile(`(?i)change.?me|place.?holder|your.?password|^(password|admin|secret|todo|example|xxx+|<.*>)`)

const (
	// mostWait is how many may wait for their password to be checked, which takes a few
	// hundredths of a second each.
	mostWait = 100
	// networkWaits is how many of one network may: more than a room of staff, and fewer
	// than all, so that no network keeps the others out.
	networkWaits = 40
)

// cost is what a hash costs: OWASP's least for Argon2id.
var cost = &argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// nobody is a hash that no password has, so that an unknown user takes as long
// as a known one.
const nobody = "$argon2id$v=19$m=19456,t=2,p=1$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"

// fit refuses what is no good as a password.
func fit(password string) error {
	switch {
	case utf8.RuneCountInString(password) < shortest:
		return api.Problemf(api.Invalid, "The password is too short", "It needs twelve characters at least; a few words do well.")
	case utf8.RuneCountInString(password) > MaxPassword:
		return api.Problemf(api.Invalid, "The password is too long", "It may have %d characters at most.", MaxPassword)
	case placeholders.MatchString(password):
		return api.Problemf(api.Invalid, "That is a placeholder, no password", "It is in every list of those who guess. Choose another one; a few words do well.")
	}
	return nil
}

// hash makes the hash of a password that is fit.
func (g *Guard) hash(ctx context.Context, password string) (string, error) {
	if err := fit(password); err != nil {
		return "", err
	}
	done, err := g.turn(ctx, "")
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(password, cost)
	if err != nil {
		return "", fmt.Errorf("hash the password: %w", err)
	}
	return hash, nil
}

// compare compares a password that comes from a network with a hash.
func (g *Guard) compare(ctx context.Context, password, hash, network string) (bool, error) {
	done, err := g.turn(ctx, network)
	if err != nil {
		return false, err
	}
	defer done()
	match, err := argon2id.ComparePasswordAndHash(password, hash)
	if err != nil {
		return false, fmt.Errorf("check the password: %w", err)
	}
	return match, nil
}

// turn waits for a turn to hash for somebody of a network; "" for who is logged in. Those
// who have gone meanwhile cost nothing.
func (g *Guard) turn(ctx context.Context, network string) (done func(), err error) {
	if !g.queue(network) {
		return nil, limited(pause, "Too many people log in at once", "Try again in a few seconds.")
	}
	select {
	case g.hashing <- struct{}{}:
		return func() { <-g.hashing; g.leave(network) }, nil
	case <-ctx.Done():
		g.leave(network)
		return nil, ctx.Err()
	}
}

// queue takes a place to wait at, where there is one.
func (g *Guard) queue(network string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.waiting >= mostWait || g.waits[network] >= networkWaits {
		return false
	}
	g.waiting++
	g.waits[network]++
	return true
}

func (g *Guard) leave(network string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.waiting--
	if g.waits[network]--; g.waits[network] == 0 {
		delete(g.waits, network)
	}
}

// limited refuses for a while.
func limited(wait time.Duration, title, format string, args ...any) error {
	p := api.Problemf(api.RateLimited, title, format, args...)
	p.RetryAfter = wait
	return p
}
