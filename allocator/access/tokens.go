package access

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// tokenPrefix begins each token, so that what looks for secrets finds one that
	// was published.
	tokenPrefix = "lbl_"
	// maxTokens is how many tokens a user may have.
	maxTokens = 50
	// lastUse is how exactly it is known when a token was used last.
	lastUse = time.Minute
)

// NewToken makes a token for who asks, and says its secret, which is not kept.
// Forbidden for more than who asks may do, and for longer.
func (g *Guard) NewToken(ctx context.Context, who Person, in api.NewToken) (allocator.APIToken, string, error) {
	secret := tokenPrefix + rand.Text() + rand.Text() // 260 bits
	t := allocator.APIToken{
		ID: "tok_" + strings.ToLower(rand.Text()[:16]), User: who.Name, Name: strings.TrimSpace(in.Name), Role: who.Role,
		Sum: allocator.SecretSum(secret), CreatedAt: g.now(),
	}
	if in.Role != "" {
		t.Role = allocator.Role(in.Role)
	}
	if in.ExpiresAt != nil {
		t.ExpiresAt = in.ExpiresAt.UTC()
	}
	if err := g.allowed(who, t); err != nil {
		return t, "", err
	}
	e := g.event(who.Actor(), "make token", t.ID, fmt.Sprintf("%s, as %s, %s", t.Name, t.Role, until(t.ExpiresAt)))
	return t, secret, g.people.AddToken(ctx, t, who.Key, maxTokens, e)
}

// allowed refuses a token that who asks may not make.
func (g *Guard) allowed(who Person, t allocator.APIToken) error {
	switch {
	case t.Name == "" || utf8.RuneCountInString(t.Name) > MaxName:
		return api.Problemf(api.Invalid, "The token needs a name", "Say in a few words what it is for, so that you know which one to revoke.")
	case called[t.Role] == "":
		return noRole(t.Role)
	case t.Ended(g.now()):
		return api.Problemf(api.Invalid, "That end is over", "It is %s now.", allocator.InUTC(g.now()))
	case !who.Role.Includes(t.Role):
		return api.Problemf(api.Forbidden, "A token may do no more than you", "You may make one for %s at most.", called[who.Role])
	case who.Token != nil && !who.Token.ExpiresAt.IsZero() && (t.ExpiresAt.IsZero() || t.ExpiresAt.After(who.Token.ExpiresAt)):
		return api.Problemf(api.Forbidden, "A token may last no longer than you", "The one that asks is good %s.", until(who.Token.ExpiresAt))
	}
	return nil
}

func until(t time.Time) string {
	if t.IsZero() {
		return "without an end"
	}
	return "until " + allocator.InUTC(t)
}

// RevokeToken ends a user's token. NotFound when it is not one of the user's.
func (g *Guard) RevokeToken(ctx context.Context, by Person, user, id string) error {
	return g.people.RemoveToken(ctx, user, id, g.event(by.Actor(), "revoke token", id, "of "+user))
}
