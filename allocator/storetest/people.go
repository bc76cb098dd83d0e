package storetest

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// SetAdmin gives the user admin a password hash, in one change where there is such a
// user.
func SetAdmin(ctx context.Context, s allocator.Store, hash string) error {
	u := allocator.User{Name: "admin", Role: allocator.Admin, PasswordHash: hash, Key: hash}
	err := s.SetPassword(ctx, u, "", allocator.Event{})
	if api.CodeOf(err) == api.NotFound {
		return s.AddFirstUser(ctx, u, allocator.Event{})
	}
	return err
}

// AdminHash is what SetAdmin gave.
func AdminHash(ctx context.Context, s allocator.Store) (string, error) {
	u, err := s.User(ctx, "admin")
	return u.PasswordHash, err
}

// user is a user as it is added.
func (w *world) user(name string, role allocator.Role) allocator.User {
	return allocator.User{Name: name, Role: role, PasswordHash: "hash of " + name, Key: "key of " + name, CreatedAt: w.tick()}
}

func (w *world) event(action, subject string) allocator.Event {
	return allocator.Event{At: w.now, Actor: "admin", Action: action, Subject: subject}
}

// add adds a user with a token.
func (w *world) add(t *testing.T, name string, role allocator.Role) (allocator.User, allocator.APIToken) {
	t.Helper()
	u := w.user(name, role)
	require.NoError(t, w.AddUser(t.Context(), u, w.event("add user", name)))
	token := w.token(name, "laptop")
	require.NoError(t, w.AddToken(t.Context(), token, u.Key, 10, w.event("make token", token.ID)))
	return u, token
}

func (w *world) token(user, name string) allocator.APIToken {
	id := w.id("tok")
	return allocator.APIToken{ID: id, User: user, Name: name, Role: allocator.Viewer, Sum: allocator.SecretSum(id), CreatedAt: w.tick(), ExpiresAt: w.now.Add(time.Hour)}
}

func firstUserIsOne(t *testing.T, w *world) {
	u := w.user("admin", allocator.Admin)
	require.NoError(t, w.AddFirstUser(t.Context(), u, w.event("add user", "admin")))
	got, err := w.User(t.Context(), "admin")
	require.NoError(t, err)
	require.Equal(t, u, got)
	requireCode(t, api.Conflict, w.AddFirstUser(t.Context(), w.user("other", allocator.Admin), w.event("add user", "other")))
	requireCode(t, api.Conflict, w.AddUser(t.Context(), u, w.event("add user", "admin")))
	w.add(t, "ann", allocator.Viewer)
	all, err := w.Users(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{"admin", "ann"}, []string{all[0].Name, all[1].Name})
	_, err = w.User(t.Context(), "nobody")
	requireCode(t, api.NotFound, err)
	_, err = w.UserBySubject(t.Context(), "")
	requireCode(t, api.NotFound, err)
	known := w.user("cleo@example.org", allocator.Viewer)
	known.Subject = "https://idp.example.org#1"
	require.NoError(t, w.AddUser(t.Context(), known, w.event("add user", known.Name)))
	got, err = w.UserBySubject(t.Context(), known.Subject)
	require.NoError(t, err)
	require.Equal(t, known, got)
	require.NoError(t, w.RemoveUser(t.Context(), known.Name, w.event("remove user", known.Name)))
	events, err := w.Events(t.Context(), allocator.EventQuery{Limit: 10})
	require.NoError(t, err)
	require.Len(t, events, 5, "what was refused is not in the audit")
}

func passwordEndsWhatItLetIn(t *testing.T, w *world) {
	u, token := w.add(t, "ann", allocator.Instructor)
	next := u
	next.PasswordHash, next.Key = "another", "another key"
	requireCode(t, api.Conflict, w.SetPassword(t.Context(), next, "an older one", w.event("change password", "ann")))
	_, _, err := w.TokenBySum(t.Context(), token.Sum)
	require.NoError(t, err)
	require.NoError(t, w.SetPassword(t.Context(), next, u.PasswordHash, w.event("change password", "ann")))
	got, err := w.User(t.Context(), "ann")
	require.NoError(t, err)
	require.Equal(t, next, got)
	_, _, err = w.TokenBySum(t.Context(), token.Sum)
	requireCode(t, api.NotFound, err)
	requireCode(t, api.Forbidden, w.AddToken(t.Context(), w.token("ann", "late"), u.Key, 10, w.event("make token", "x")))
	require.NoError(t, w.SetPassword(t.Context(), u, "", w.event("set password", "ann")), "an admin need not know what it was")
	requireCode(t, api.NotFound, w.SetPassword(t.Context(), w.user("nobody", allocator.Viewer), "", w.event("set password", "nobody")))
}

func roleEndsWhatItLetIn(t *testing.T, w *world) {
	w.add(t, "admin", allocator.Admin)
	u, token := w.add(t, "ann", allocator.Instructor)
	set := func(role allocator.Role) allocator.User {
		require.NoError(t, w.SetRole(t.Context(), allocator.User{Name: "ann", Role: role, Key: "key of a " + string(role)}, w.event("set role", "ann")))
		got, err := w.User(t.Context(), "ann")
		require.NoError(t, err)
		require.Equal(t, role, got.Role)
		return got
	}
	require.Equal(t, u.Key, set(allocator.Admin).Key, "who may do more goes on")
	_, _, err := w.TokenBySum(t.Context(), token.Sum)
	require.NoError(t, err)
	require.Equal(t, "key of a viewer", set(allocator.Viewer).Key)
	_, _, err = w.TokenBySum(t.Context(), token.Sum)
	requireCode(t, api.NotFound, err)
	requireCode(t, api.NotFound, w.SetRole(t.Context(), w.user("nobody", allocator.Viewer), w.event("set role", "nobody")))
}

func lastAdminStays(t *testing.T, w *world) {
	w.add(t, "admin", allocator.Admin)
	w.add(t, "ann", allocator.Instructor)
	requireCode(t, api.Conflict, w.SetRole(t.Context(), w.user("admin", allocator.Instructor), w.event("set role", "admin")))
	requireCode(t, api.Conflict, w.RemoveUser(t.Context(), "admin", w.event("remove user", "admin")))
	tokens, err := w.Tokens(t.Context(), "admin")
	require.NoError(t, err)
	require.Len(t, tokens, 1, "what was refused ends nothing")
	require.NoError(t, w.SetRole(t.Context(), w.user("admin", allocator.Admin), w.event("set role", "admin")))
	require.NoError(t, w.RemoveUser(t.Context(), "ann", w.event("remove user", "ann")))
	requireCode(t, api.NotFound, w.RemoveUser(t.Context(), "ann", w.event("remove user", "ann")))
	for round := range 20 {
		oneAdminIsLeft(t, w, round)
	}
}

// oneAdminIsLeft lets ten admins remove and demote each other at once.
func oneAdminIsLeft(t *testing.T, w *world, round int) {
	var all sync.WaitGroup
	for i := range 9 {
		u := w.user(fmt.Sprintf("admin-%d-%d", round, i), allocator.Admin)
		require.NoError(t, w.AddUser(t.Context(), u, w.event("add user", u.Name)))
	}
	users, err := w.Users(t.Context())
	require.NoError(t, err)
	for i, u := range users {
		all.Go(func() {
			if i%2 == 0 {
				_ = w.RemoveUser(context.Background(), u.Name, allocator.Event{})
				return
			}
			u.Role = allocator.Viewer
			_ = w.SetRole(context.Background(), u, allocator.Event{})
		})
	}
	all.Wait()
	users, err = w.Users(t.Context())
	require.NoError(t, err)
	admins := 0
	for _, u := range users {
		if u.Role == allocator.Admin {
			admins++
		}
	}
	require.Equal(t, 1, admins, "%v", users)
}

func tokensAreKept(t *testing.T, w *world) {
	u, token := w.add(t, "ann", allocator.Instructor)
	w.add(t, "bob", allocator.Viewer)
	got, of, err := w.TokenBySum(t.Context(), token.Sum)
	require.NoError(t, err)
	require.Equal(t, token, got)
	require.Equal(t, allocator.User{Name: "ann", Role: allocator.Instructor, Key: u.Key, CreatedAt: u.CreatedAt}, of)
	requireCode(t, api.Conflict, w.AddToken(t.Context(), w.token("ann", "laptop"), u.Key, 10, w.event("make token", "x")))
	require.NoError(t, w.AddToken(t.Context(), w.token("ann", "ci"), u.Key, 2, w.event("make token", "x")))
	requireCode(t, api.Conflict, w.AddToken(t.Context(), w.token("ann", "more"), u.Key, 2, w.event("make token", "x")))

	used := func() time.Time {
		all, err := w.Tokens(t.Context(), "ann")
		require.NoError(t, err)
		require.Equal(t, []string{"ci", "laptop"}, []string{all[0].Name, all[1].Name})
		return all[1].UsedAt
	}
	first := w.tick()
	for after, want := range []time.Time{first, first, first.Add(2 * time.Minute)} {
		require.NoError(t, w.UseToken(t.Context(), token.ID, first.Add(time.Duration(after)*time.Minute), 2*time.Minute))
		require.Equal(t, want, used())
	}
	requireCode(t, api.NotFound, w.RemoveToken(t.Context(), "bob", token.ID, w.event("revoke token", token.ID)))
	require.NoError(t, w.RemoveToken(t.Context(), "ann", token.ID, w.event("revoke token", token.ID)))
	_, _, err = w.TokenBySum(t.Context(), token.Sum)
	requireCode(t, api.NotFound, err)
	require.NoError(t, w.RemoveUser(t.Context(), "bob", w.event("remove user", "bob")))
	tokens, err := w.Tokens(t.Context(), "bob")
	require.NoError(t, err)
	require.Empty(t, tokens)
}

func auditIsPaged(t *testing.T, w *world) {
	for i, actor := range []string{"ann", "ann/ci", "anna", "bob", "ann"} {
		e := allocator.Event{At: w.tick(), Actor: actor, Action: "end workshop", Subject: fmt.Sprintf("wks_%d", i%2), Detail: "x"}
		require.NoError(t, w.Record(t.Context(), e))
	}
	ask := func(q allocator.EventQuery) (actors []string) {
		events, err := w.Events(t.Context(), q)
		require.NoError(t, err)
		for _, e := range events {
			actors = append(actors, e.Actor)
		}
		return actors
	}
	require.Equal(t, []string{"ann", "bob", "anna", "ann/ci", "ann"}, ask(allocator.EventQuery{Limit: 10}))
	require.Equal(t, []string{"ann", "ann/ci", "ann"}, ask(allocator.EventQuery{Actor: "ann", Limit: 10}))
	require.Equal(t, []string{"bob", "ann/ci"}, ask(allocator.EventQuery{Subject: "wks_1", Limit: 10}))
	require.Equal(t, []string{"ann/ci"}, ask(allocator.EventQuery{Actor: "ann", Subject: "wks_1", Limit: 10}))
	events, err := w.Events(t.Context(), allocator.EventQuery{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, w.now, events[0].At)
	require.Equal(t, []string{"anna", "ann/ci", "ann"}, ask(allocator.EventQuery{Before: events[1].Seq, Limit: 3}))
}
