package access

import (
	"context"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Person is who asks for something: a user who is logged in, or a program that
// shows one of the user's tokens.
type Person struct {
	Name string
	Role allocator.Role
	// Key is the user's at the moment of asking.
	Key string
	// Since is when the user was made: another one may have the name later.
	Since time.Time
	// Token is set for a program.
	Token *allocator.APIToken
}

// Actor is who it is for the audit.
func (p Person) Actor() string {
	if p.Token == nil {
		return p.Name
	}
	return p.Name + "/" + p.Token.Name
}

// Need refuses who may not do what needs a role.
func (p Person) Need(role allocator.Role) error {
	if p.Role.Includes(role) {
		return nil
	}
	who := "You are"
	if p.Token != nil {
		who = "The token " + p.Token.Name + " is for"
	}
	return api.Problemf(api.Forbidden, "Your role does not allow that", "%s %s, and this needs %s. Ask an admin for that role.", who, called[p.Role], called[role])
}

// called is how people call the roles.
var called = map[allocator.Role]string{allocator.Viewer: "a viewer", allocator.Instructor: "an instructor", allocator.Admin: "an admin"}

// Session finds whose session it is that carries a user's name and key. Unauthorized
// when it was ended.
func (g *Guard) Session(ctx context.Context, name, key string) (Person, error) {
	u, err := g.people.User(ctx, name)
	if api.CodeOf(err) == api.NotFound || err == nil && u.Key != key {
		return Person{}, api.Problemf(api.Unauthorized, "Log in again", "Your session was ended, as when a password is changed.")
	}
	return Person{Name: u.Name, Role: u.Role, Key: u.Key, Since: u.CreatedAt}, err
}

// Bearer finds whose token it is that a program shows. Unauthorized when it is good
// no longer.
func (g *Guard) Bearer(ctx context.Context, secret string) (Person, error) {
	t, u, err := g.people.TokenBySum(ctx, allocator.SecretSum(secret))
	if api.CodeOf(err) == api.NotFound || err == nil && t.Ended(g.now()) {
		return Person{}, api.Problemf(api.Unauthorized, "The token is not good", "It has ended or was revoked, or is not whole. Make another one on the page /admin/account.")
	}
	if err != nil {
		return Person{}, err
	}
	// Where it cannot be kept now that it was used, as the disk is full, it is good all the same.
	if err := g.people.UseToken(ctx, t.ID, g.now(), lastUse); err != nil && api.CodeOf(err) != api.Unavailable {
		return Person{}, err
	}
	return Person{Name: u.Name, Role: t.Role, Key: u.Key, Since: u.CreatedAt, Token: &t}, nil
}

// IsToken reports whether a bearer's secret is meant to be a user's token.
func IsToken(secret string) bool { return strings.HasPrefix(secret, tokenPrefix) }
