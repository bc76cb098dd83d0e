package access_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/api"
)

type users map[string]string

func (u users) PasswordHash(_ context.Context, user string) (string, error) { return u[user], nil }

func (u users) SetPasswordHash(_ context.Context, user, hash string) error {
	u[user] = hash
	return nil
}

func newGuard(t *testing.T) (*access.Guard, *time.Time) {
	t.Helper()
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	g := access.New(users{}, func() time.Time { return now })
	require.NoError(t, g.Ensure(t.Context(), "a very good password"))
	return g, &now
}

func TestThePasswordLetsInAndNothingElse(t *testing.T) {
	g, _ := newGuard(t)
	require.NoError(t, g.Check(t.Context(), "admin", "a very good password", "192.0.2.1"))
	for _, pair := range [][2]string{{"admin", "a very bad password"}, {"admin", ""}, {"nobody", "a very good password"}} {
		require.Equal(t, api.Unauthorized, api.CodeOf(g.Check(t.Context(), pair[0], pair[1], "192.0.2.1")), pair)
	}
}

func TestTheInitialPasswordDoesNotComeBack(t *testing.T) {
	g, _ := newGuard(t)
	require.NoError(t, g.Set(t.Context(), "admin", "another good password"))
	require.NoError(t, g.Ensure(t.Context(), "a very good password"))
	require.Equal(t, api.Unauthorized, api.CodeOf(g.Check(t.Context(), "admin", "a very good password", "192.0.2.1")))
	require.NoError(t, g.Check(t.Context(), "admin", "another good password", "192.0.2.1"))
	require.Equal(t, api.Invalid, api.CodeOf(g.Set(t.Context(), "admin", "short")))
}

func TestGuessingIsSlowedDownForWhoGuessesAndForNobodyElse(t *testing.T) {
	g, now := newGuard(t)
	guess := func() error { return g.Check(t.Context(), "admin", "wrong", "192.0.2.66") }
	for range 5 {
		require.Equal(t, api.Unauthorized, api.CodeOf(guess()))
	}
	waited := time.Duration(0)
	for range 4 {
		err := guess()
		require.Equal(t, api.RateLimited, api.CodeOf(err))
		var p *api.Problem
		require.ErrorAs(t, err, &p)
		require.Greater(t, p.RetryAfter, waited, "each pause is longer")
		waited = p.RetryAfter
		require.NoError(t, g.Check(t.Context(), "admin", "a very good password", "192.0.2.1"), "others are let in")
		*now = now.Add(p.RetryAfter)
		require.Equal(t, api.Unauthorized, api.CodeOf(guess()))
	}
	*now = now.Add(time.Hour)
	require.NoError(t, g.Check(t.Context(), "admin", "a very good password", "192.0.2.66"))
	require.Equal(t, api.Unauthorized, api.CodeOf(guess()), "a right password makes a fresh start")
}

func TestManyGuessesAtOnceAreAsManyAsOneAfterTheOther(t *testing.T) {
	g, _ := newGuard(t)
	var all sync.WaitGroup
	var looked atomic.Int32
	for i := range 100 {
		all.Go(func() {
			// One subscriber has all addresses of a /64.
			address := fmt.Sprintf("2001:db8::%x", i+1)
			if api.CodeOf(g.Check(t.Context(), "admin", fmt.Sprint("guess ", i), address)) == api.Unauthorized {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, looked.Load(), int32(5))
	require.NoError(t, g.Check(t.Context(), "admin", "a very good password", "2001:db8:0:1::1"), "a neighbour is let in")
}

func TestALogInThatIsGivenUpCostsNothing(t *testing.T) {
	g, _ := newGuard(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		if err := g.Check(ctx, "admin", "a very good password", "192.0.2.9"); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
}
