package access

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestNamesThatAreMadeUpFreeNobodyWhoIsLocked(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	a := attempts{now: func() time.Time { return now }, of: map[string]attempt{}}
	for range 9 { // the last one locks
		_, wait := a.count("admin")
		now = now.Add(wait)
	}
	for i := range 3 * mostCounted {
		_, wait := a.count(fmt.Sprint("made up ", i))
		require.Zero(t, wait)
	}
	_, wait := a.count("admin")
	require.Positive(t, wait)
	require.LessOrEqual(t, len(a.of), mostCounted)
}

func TestAnAttemptThatIsGivenBackFreesOnlyWhatItLocked(t *testing.T) {
	now := time.Date(2026, 3, 1, 9, 0, 0, 0, time.UTC)
	a := attempts{now: func() time.Time { return now }, of: map[string]attempt{}}
	free := func() bool { _, wait := a.count("admin"); return wait == 0 }
	var back []func()
	for range 5 {
		giveBack, _ := a.count("admin")
		back = append(back, giveBack)
	}
	require.False(t, free())
	back[0]()
	require.True(t, free(), "four were wrong")
	require.False(t, free(), "and now five")
	now = now.Add(pause)
	slow, _ := a.count("admin")
	now = now.Add(2 * pause)
	require.True(t, free())
	slow()
	require.False(t, free(), "the one after it was wrong")
	for range 4 {
		back[1]()
	}
	a.forget("admin")
	back[2]()
	require.Empty(t, a.of)
}

// One network fills its part of the queue, over and over: others are let in, and so is
// its own right password once there is room, as it was not wrong.
func TestNoNetworkKeepsTheOthersFromLoggingIn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := allocatortest.New(t)
		g := New(w.Store, w.Now)
		const password = "a very good password"
		require.NoError(t, g.Ensure(t.Context(), password))
		room := func(i int) string { return fmt.Sprint("instructor-", i) }
		for i := range 30 {
			_, err := g.AddUser(t.Context(), Person{Name: Admin}, api.NewUser{Name: room(i), Role: "instructor", Password: password})
			require.NoError(t, err)
		}
		g.hashing <- struct{}{} // nobody has a turn
		flood, stop := context.WithCancel(t.Context())
		for i := range 3 * mostWait {
			go func() { _, _ = g.Check(flood, fmt.Sprint("made up ", i), "wrong", "192.0.2.66") }()
		}
		synctest.Wait()
		for range 2 * free {
			_, err := g.Check(t.Context(), Admin, password, "192.0.2.66")
			require.Equal(t, api.RateLimited, api.CodeOf(err))
			require.ErrorContains(t, err, "at once")
		}
		var in atomic.Int32
		for i := range 30 {
			go func() {
				if _, err := g.Check(t.Context(), room(i), password, "192.0.2.1"); err == nil {
					in.Add(1)
				}
			}()
		}
		synctest.Wait()
		stop()
		synctest.Wait()
		<-g.hashing
		synctest.Wait()
		require.EqualValues(t, 30, in.Load())
		_, err := g.Check(t.Context(), Admin, password, "192.0.2.66")
		require.NoError(t, err)
		require.Empty(t, g.waits)
	})
}
