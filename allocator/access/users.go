package access

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

var (
	names = regexp.MustCompile(`^[a-z0-9][a-z0-9._@-]*$`)
	// reserved are names that stand for something else, in paths and in the audit.
	reserved = []string{"current", allocator.Allocator}
)

// Ensure adds admin with the initial password where there are no users yet.
func (g *Guard) Ensure(ctx context.Context, initial string) error {
	all, err := g.people.Users(ctx)
	if err != nil || len(all) > 0 {
		return err
	}
	u, err := g.newUser(ctx, Admin, allocator.Admin, initial)
	if err != nil {
		return err
	}
	err = g.people.AddFirstUser(ctx, u, g.event(allocator.Allocator, "add user", Admin, "with the initial password"))
	if api.CodeOf(err) == api.Conflict {
		return nil // another allocator was first
	}
	return err
}

// AddUser adds a user. Invalid, or Conflict when the name is taken.
func (g *Guard) AddUser(ctx context.Context, by Person, in api.NewUser) (allocator.User, error) {
	u, err := g.newUser(ctx, in.Name, allocator.Role(in.Role), in.Password)
	if err != nil {
		return u, err
	}
	return u, g.people.AddUser(ctx, u, g.event(by.Actor(), "add user", u.Name, "as "+string(u.Role)))
}

func (g *Guard) newUser(ctx context.Context, name string, role allocator.Role, password string) (allocator.User, error) {
	var u allocator.User
	if err := fitName(name); err != nil {
		return u, err
	}
	if !slices.Contains(allocator.Roles, role) {
		return u, noRole(role)
	}
	hash, err := g.hash(ctx, password)
	return allocator.User{Name: name, Role: role, PasswordHash: hash, Key: allocator.NewToken(), CreatedAt: g.now()}, err
}

// fitName refuses what cannot be a user's name.
func fitName(name string) error {
	if len(name) > MaxName || !names.MatchString(name) || slices.Contains(reserved, name) {
		return api.Problemf(api.Invalid, "That cannot be a user's name", "Use small letters, digits and . _ @ -, a letter or digit first, and not %s.", strings.Join(reserved, " or "))
	}
	return nil
}

func noRole(role allocator.Role) error {
	return api.Problemf(api.Invalid, "There is no such role", "%q is none of viewer, instructor and admin.", role)
}

// SetPassword gives somebody another password.
func (g *Guard) SetPassword(ctx context.Context, by Person, name, password string) error {
	u, err := g.withPassword(ctx, name, password)
	if err != nil {
		return err
	}
	return g.people.SetPassword(ctx, u, "", g.event(by.Actor(), "set password", name, "sessions and tokens ended"))
}

// ChangePassword gives who asks another password, for the one that they have.
// Forbidden when that is not theirs.
func (g *Guard) ChangePassword(ctx context.Context, who Person, in api.PasswordChange, address string) (allocator.User, error) {
	if err := fit(in.New); err != nil {
		return allocator.User{}, err
	}
	now, err := g.Check(ctx, who.Name, in.Old, address)
	if api.CodeOf(err) == api.Unauthorized {
		return now, api.Problemf(api.Forbidden, "The old password is not right", "Type it again. If you do not know it, an admin can set another one.")
	}
	if err != nil {
		return now, err
	}
	u, err := g.withPassword(ctx, who.Name, in.New)
	if err != nil {
		return u, err
	}
	return u, g.people.SetPassword(ctx, u, now.PasswordHash, g.event(who.Actor(), "change password", who.Name, "sessions and tokens ended"))
}

func (g *Guard) withPassword(ctx context.Context, name, password string) (allocator.User, error) {
	hash, err := g.hash(ctx, password)
	return allocator.User{Name: name, PasswordHash: hash, Key: allocator.NewToken()}, err
}

// SetRole gives somebody another role. Conflict for the last admin.
func (g *Guard) SetRole(ctx context.Context, by Person, name string, role allocator.Role) error {
	if !slices.Contains(allocator.Roles, role) {
		return noRole(role)
	}
	u := allocator.User{Name: name, Role: role, Key: allocator.NewToken()}
	return g.people.SetRole(ctx, u, g.event(by.Actor(), "set role", name, string(role)))
}

// RemoveUser removes somebody. Conflict for the last admin.
func (g *Guard) RemoveUser(ctx context.Context, by Person, name string) error {
	return g.people.RemoveUser(ctx, name, g.event(by.Actor(), "remove user", name, "sessions and tokens ended"))
}

func (g *Guard) event(actor, action, subject, detail string) allocator.Event {
	return allocator.Event{At: g.now(), Actor: actor, Action: action, Subject: subject, Detail: detail}
}
