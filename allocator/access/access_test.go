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
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// newGuard is a guard with the user admin, on a clock of the test's.
func newGuard(t *testing.T) (*access.Guard, *allocatortest.World) {
	t.Helper()
	w := allocatortest.New(t)
	g := access.New(w.Store, w.Now)
	require.NoError(t, g.Ensure(t.Context(), "a very good password"))
	return g, w
}

// check tries a password, from an address.
func check(t *testing.T, g *access.Guard, user, password, address string) error {
	t.Helper()
	_, err := g.Check(t.Context(), user, password, address)
	return err
}

func TestThePasswordLetsInAndNothingElse(t *testing.T) {
	g, _ := newGuard(t)
	require.NoError(t, check(t, g, "admin", "a very good password", "192.0.2.1"))
	for _, pair := range [][2]string{{"admin", "a very bad password"}, {"admin", ""}, {"nobody", "a very good password"}} {
		require.Equal(t, api.Unauthorized, api.CodeOf(check(t, g, pair[0], pair[1], "192.0.2.1")), pair)
	}
}

func TestGuessingIsSlowedDownForWhoGuessesAndForNobodyElse(t *testing.T) {
	g, w := newGuard(t)
	guess := func() error { return check(t, g, "admin", "wrong", "192.0.2.66") }
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
		require.NoError(t, check(t, g, "admin", "a very good password", "192.0.2.1"), "others are let in")
		w.Time = w.Time.Add(p.RetryAfter)
		require.Equal(t, api.Unauthorized, api.CodeOf(guess()))
	}
	w.Time = w.Time.Add(time.Hour)
	require.NoError(t, check(t, g, "admin", "a very good password", "192.0.2.66"))
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
			if api.CodeOf(check(t, g, "admin", fmt.Sprint("guess ", i), address)) == api.Unauthorized {
				looked.Add(1)
			}
		})
	}
	all.Wait()
	require.LessOrEqual(t, looked.Load(), int32(5))
	require.NoError(t, check(t, g, "admin", "a very good password", "2001:db8:0:1::1"), "a neighbour is let in")
}

func TestALogInThatIsGivenUpCostsNothing(t *testing.T) {
	g, _ := newGuard(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for range 3 {
		if _, err := g.Check(ctx, "admin", "a very good password", "192.0.2.9"); err != nil {
			require.ErrorIs(t, err, context.Canceled)
		}
	}
}
