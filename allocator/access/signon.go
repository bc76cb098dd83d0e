package access

import (
	"context"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// SignedOn is who a provider of single sign-on says somebody is.
type SignedOn struct {
	Subject string // to the provider, for ever
	Name    string // an e-mail address, or one made of the subject
	Role    allocator.Role
}

// SignOn finds the user who was let in by a provider, and makes one at the first time.
// The role is that of the settings, each time. Conflict when somebody else has the name:
// whoever has a password is not taken over by who has the address.
func (g *Guard) SignOn(ctx context.Context, who SignedOn) (allocator.User, error) {
	u, err := g.people.UserBySubject(ctx, who.Subject)
	if api.CodeOf(err) == api.NotFound {
		return g.addSignedOn(ctx, who)
	}
	if err != nil || u.Role == who.Role {
		return u, err
	}
	next := allocator.User{Name: u.Name, Role: who.Role, Key: allocator.NewToken()}
	err = g.people.SetRole(ctx, next, g.event(allocator.Allocator, "set role", u.Name, string(who.Role)+", as the settings say"))
	if err != nil && api.CodeOf(err) != api.Conflict { // the last admin stays one
		return u, err
	}
	return g.people.User(ctx, u.Name)
}

// Refused ends what somebody has whom a provider knows and the settings let in no longer:
// sessions and tokens. Who was never let in has none.
func (g *Guard) Refused(ctx context.Context, subject string) error {
	u, err := g.people.UserBySubject(ctx, subject)
	if api.CodeOf(err) == api.NotFound {
		return nil
	}
	if err != nil {
		return err
	}
	next := allocator.User{Name: u.Name, PasswordHash: u.PasswordHash, Key: allocator.NewToken()}
	err = g.people.SetPassword(ctx, next, u.PasswordHash, g.event(allocator.Allocator, "end sessions", u.Name, "the settings let it in no longer; sessions and tokens ended"))
	if api.CodeOf(err) == api.Conflict { // another password has ended them
		return nil
	}
	return err
}

func (g *Guard) addSignedOn(ctx context.Context, who SignedOn) (allocator.User, error) {
	if err := fitName(who.Name); err != nil {
		return allocator.User{}, err
	}
	u := allocator.User{Name: who.Name, Role: who.Role, PasswordHash: nobody, Key: allocator.NewToken(), CreatedAt: g.now(), Subject: who.Subject}
	err := g.people.AddUser(ctx, u, g.event(allocator.Allocator, "add user", u.Name, "as "+string(u.Role)+", by single sign-on, as "+u.Subject))
	if api.CodeOf(err) == api.Conflict {
		err = api.Problemf(api.Conflict, "That name is taken", "There is a user %s with a password. Log in with that, or ask an admin to remove it; then single sign-on makes it anew.", u.Name)
	}
	return u, err
}
