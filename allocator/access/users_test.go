package access_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/api"
)

const another = "another good password"

// admin is the first user, logged in.
var admin = access.Person{Name: "admin", Role: allocator.Admin}

// logIn logs a user in, from an address of the test's.
func logIn(t *testing.T, g *access.Guard, name, password string) access.Person {
	t.Helper()
	u, err := g.Check(t.Context(), name, password, "192.0.2.1")
	require.NoError(t, err)
	return session(t, g, u)
}

func session(t *testing.T, g *access.Guard, u allocator.User) access.Person {
	t.Helper()
	p, err := g.Session(t.Context(), u.Name, u.Key)
	require.NoError(t, err)
	return p
}

// ended requires that a session lets in no more.
func ended(t *testing.T, g *access.Guard, p access.Person) {
	t.Helper()
	_, err := g.Session(t.Context(), p.Name, p.Key)
	require.Equal(t, api.Unauthorized, api.CodeOf(err))
}

func addUser(t *testing.T, g *access.Guard, name string, role allocator.Role) access.Person {
	t.Helper()
	_, err := g.AddUser(t.Context(), admin, api.NewUser{Name: name, Role: string(role), Password: "password of a user"})
	require.Equal(t, api.Invalid, api.CodeOf(err), "it begins as placeholders do")
	_, err = g.AddUser(t.Context(), admin, api.NewUser{Name: name, Role: string(role), Password: "the words of " + name})
	require.NoError(t, err)
	return logIn(t, g, name, "the words of "+name)
}

func TestTheInitialPasswordCountsAtTheFirstStartOnly(t *testing.T) {
	g, _ := newGuard(t)
	require.NoError(t, g.SetPassword(t.Context(), admin, "admin", another))
	require.NoError(t, g.Ensure(t.Context(), "a very good password"))
	require.Equal(t, api.Unauthorized, api.CodeOf(check(t, g, "admin", "a very good password", "192.0.2.1")))
	require.NoError(t, check(t, g, "admin", another, "192.0.2.1"))

	addUser(t, g, "ann", allocator.Admin)
	require.NoError(t, g.RemoveUser(t.Context(), admin, "admin"))
	require.NoError(t, g.Ensure(t.Context(), "a very good password"))
	require.Equal(t, api.Unauthorized, api.CodeOf(check(t, g, "admin", "a very good password", "192.0.2.1")), "nor does a user who was removed")
}

func TestAPasswordThatIsNoneIsRefused(t *testing.T) {
	g, _ := newGuard(t)
	for password, says := range map[string]string{
		"short": "twelve characters", "elf Zeichen": "twelve characters", "éééééé": "twelve characters",
		strings.Repeat("ж", 1001): "1000 characters", "ChangeMe12345": "placeholder", "password1234": "placeholder", "": "twelve characters",
	} {
		err := g.SetPassword(t.Context(), admin, "admin", password)
		require.Equal(t, api.Invalid, api.CodeOf(err), password)
		require.ErrorContains(t, err, says)
		_, err = g.ChangePassword(t.Context(), admin, api.PasswordChange{Old: "a very good password", New: password}, "192.0.2.1")
		require.ErrorContains(t, err, says)
	}
	require.NoError(t, g.SetPassword(t.Context(), admin, "admin", strings.Repeat("é", 12)))
	long := strings.Repeat("é", 1000) // characters, of two bytes each
	require.NoError(t, g.SetPassword(t.Context(), admin, "admin", long))
	require.NoError(t, check(t, g, "admin", long, "192.0.2.1"))
}

func TestWhoChangesAPasswordShowsTheOldOneAndEndsTheOtherSessions(t *testing.T) {
	g, _ := newGuard(t)
	p := logIn(t, g, "admin", "a very good password")
	_, secret, err := g.NewToken(t.Context(), p, api.NewToken{Name: "ci"})
	require.NoError(t, err)
	_, err = g.ChangePassword(t.Context(), p, api.PasswordChange{Old: "a wrong password", New: another}, "192.0.2.1")
	require.Equal(t, api.Forbidden, api.CodeOf(err))
	_, err = g.Bearer(t.Context(), secret)
	require.NoError(t, err)

	u, err := g.ChangePassword(t.Context(), p, api.PasswordChange{Old: "a very good password", New: another}, "192.0.2.1")
	require.NoError(t, err)
	session(t, g, u)
	ended(t, g, p)
	_, err = g.Bearer(t.Context(), secret)
	require.Equal(t, api.Unauthorized, api.CodeOf(err))
	require.NoError(t, check(t, g, "admin", another, "192.0.2.1"))
}

func TestTheOldPasswordCannotBeGuessed(t *testing.T) {
	g, _ := newGuard(t)
	guess := func(old string) api.Code {
		_, err := g.ChangePassword(t.Context(), admin, api.PasswordChange{Old: old, New: another}, "192.0.2.1")
		return api.CodeOf(err)
	}
	for range 5 {
		require.Equal(t, api.Forbidden, guess("wrong"))
	}
	require.Equal(t, api.RateLimited, guess("a very good password"))
}

func TestSessionsEndWithALesserRoleAndWithTheUser(t *testing.T) {
	g, _ := newGuard(t)
	ann := addUser(t, g, "ann", allocator.Viewer)
	require.NoError(t, g.SetRole(t.Context(), admin, "ann", allocator.Instructor))
	now, err := g.Session(t.Context(), "ann", ann.Key)
	require.NoError(t, err)
	require.Equal(t, allocator.Instructor, now.Role, "a session has the role of now")
	require.NoError(t, g.SetRole(t.Context(), admin, "ann", allocator.Viewer))
	ended(t, g, ann)

	ann = logIn(t, g, "ann", "the words of ann")
	require.NoError(t, g.SetPassword(t.Context(), admin, "ann", another))
	ended(t, g, ann)
	ann = logIn(t, g, "ann", another)
	require.NoError(t, g.RemoveUser(t.Context(), admin, "ann"))
	ended(t, g, ann)
	require.Equal(t, api.Unauthorized, api.CodeOf(check(t, g, "ann", another, "192.0.2.1")))
	addUser(t, g, "ann", allocator.Viewer)
	ended(t, g, ann)
}

func TestWhatIsNoUserIsRefused(t *testing.T) {
	g, _ := newGuard(t)
	for _, in := range []api.NewUser{
		{Name: "", Role: "viewer"}, {Name: "Ann", Role: "viewer"}, {Name: "ann/ci", Role: "viewer"}, {Name: "-ann", Role: "viewer"},
		{Name: "current", Role: "viewer"}, {Name: "allocator", Role: "viewer"}, {Name: strings.Repeat("a", 101), Role: "viewer"},
		{Name: "ann", Role: "owner"}, {Name: "ann", Role: ""},
	} {
		in.Password = another
		_, err := g.AddUser(t.Context(), admin, in)
		require.Equal(t, api.Invalid, api.CodeOf(err), in)
	}
	require.Equal(t, api.Invalid, api.CodeOf(g.SetRole(t.Context(), admin, "admin", "owner")))
	require.Equal(t, api.Conflict, api.CodeOf(g.SetRole(t.Context(), admin, "admin", allocator.Viewer)))
}

func TestATokenDoesWhatItsRoleMayUntilItEnds(t *testing.T) {
	g, w := newGuard(t)
	ann := addUser(t, g, "ann", allocator.Instructor)
	soon := w.Time.Add(time.Hour)
	made, secret, err := g.NewToken(t.Context(), ann, api.NewToken{Name: " ci ", Role: "viewer", ExpiresAt: &soon})
	require.NoError(t, err)
	require.Regexp(t, "^lbl_[A-Z2-7]{52}$", secret)
	p, err := g.Bearer(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, []any{"ann/ci", allocator.Viewer}, []any{p.Actor(), p.Role})
	require.ErrorContains(t, p.Need(allocator.Instructor), "The token ci is for a viewer, and this needs an instructor")

	later := soon.Add(time.Second)
	for _, in := range []api.NewToken{{Name: "x", Role: "instructor", ExpiresAt: &soon}, {Name: "x"}, {Name: "x", ExpiresAt: &later}} {
		_, _, err = g.NewToken(t.Context(), p, in)
		require.Equal(t, api.Forbidden, api.CodeOf(err), "no more and no longer than who asks: %v", in)
	}
	w.Time = w.Time.Add(30 * time.Minute)
	_, err = g.Bearer(t.Context(), secret)
	require.NoError(t, err)
	all, err := w.Store.Tokens(t.Context(), "ann")
	require.NoError(t, err)
	require.Equal(t, w.Time, all[0].UsedAt)
	w.Time = soon
	_, err = g.Bearer(t.Context(), secret)
	require.Equal(t, api.Unauthorized, api.CodeOf(err))
	require.Equal(t, api.NotFound, api.CodeOf(g.RevokeToken(t.Context(), admin, "admin", made.ID)))
	require.NoError(t, g.RevokeToken(t.Context(), ann, "ann", made.ID))
}

func TestATokenThatCannotBeIsRefused(t *testing.T) {
	g, w := newGuard(t)
	ann := addUser(t, g, "ann", allocator.Viewer)
	over := w.Time
	for code, in := range map[api.Code][]api.NewToken{
		api.Invalid:   {{Name: " "}, {Name: strings.Repeat("x", 101)}, {Name: "x", Role: "owner"}, {Name: "x", ExpiresAt: &over}},
		api.Forbidden: {{Name: "x", Role: "instructor"}, {Name: "x", Role: "admin"}},
	} {
		for _, n := range in {
			_, _, err := g.NewToken(t.Context(), ann, n)
			require.Equal(t, code, api.CodeOf(err), n)
		}
	}
	require.NoError(t, g.SetPassword(t.Context(), admin, "ann", another))
	_, _, err := g.NewToken(t.Context(), ann, api.NewToken{Name: "x"})
	require.Equal(t, api.Forbidden, api.CodeOf(err), "the session that asks was ended meanwhile")
}

// Who made what is found in the audit, whoever was refused is not.
func TestEveryChangeIsInTheAudit(t *testing.T) {
	g, w := newGuard(t)
	ann := addUser(t, g, "ann", allocator.Viewer)
	made, _, err := g.NewToken(t.Context(), ann, api.NewToken{Name: "ci"})
	require.NoError(t, err)
	require.NoError(t, g.RevokeToken(t.Context(), ann, "ann", made.ID))
	require.NoError(t, g.SetRole(t.Context(), admin, "ann", allocator.Instructor))
	require.NoError(t, g.SetPassword(t.Context(), admin, "ann", another))
	_, err = g.ChangePassword(t.Context(), ann, api.PasswordChange{Old: another, New: "yet another password"}, "192.0.2.1")
	require.NoError(t, err)
	require.NoError(t, g.RemoveUser(t.Context(), admin, "ann"))
	require.Error(t, g.RemoveUser(t.Context(), admin, "admin"))
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 100})
	require.NoError(t, err)
	var said []string
	for _, e := range events {
		said = append(said, e.Actor+": "+e.Action)
		require.NotContains(t, e.Detail, "words")
	}
	require.Equal(t, []string{
		"admin: remove user", "ann: change password", "admin: set password", "admin: set role", "ann: revoke token", "ann: make token",
		"admin: add user", "allocator: add user",
	}, said)
}

// full keeps nothing, as the disk is full.
type full struct{ allocator.People }

func (full) UseToken(context.Context, string, time.Time, time.Duration) error {
	return api.Problemf(api.Unavailable, "That cannot be kept now", "Try again in a minute.")
}

func TestATokenIsGoodWhereItCannotBeKeptThatItWasUsed(t *testing.T) {
	g, w := newGuard(t)
	_, secret, err := g.NewToken(t.Context(), logIn(t, g, "admin", "a very good password"), api.NewToken{Name: "metrics", Role: "viewer"})
	require.NoError(t, err)
	p, err := access.New(full{w.Store}, w.Now).Bearer(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, "admin", p.Name)
}
