package web

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/web/live"
)

// What one finds is shown to all who have the same open; who has something else open, or
// another role, is shown their own.
func TestOfAllWhoHaveAPartOpenOneLooks(t *testing.T) {
	var all looks
	room := lookKey{page: "workshop.html", path: "/admin/workshops/w/live", role: allocator.Viewer}
	one, closeOne := all.open(room)
	two, closeTwo := all.open(room)
	require.Same(t, one, two)
	other := room
	other.role = allocator.Instructor
	third, closeThird := all.open(other)
	require.NotSame(t, one, third)

	clock, looked := time.Unix(1000, 0), 0
	find := func(l *look) string {
		out, err := l.find(t.Context(), func() time.Time { return clock }, func(*look) (found, error) {
			looked++
			return found{html: "x", page: live.Parse("room", "x")}, nil
		})
		require.NoError(t, err)
		return out.html
	}
	for range 10 {
		require.Equal(t, "x", find(one))
		require.Equal(t, "x", find(two))
	}
	require.Equal(t, 1, looked)
	find(third)
	require.Equal(t, 2, looked)
	clock = clock.Add(fragmentInterval)
	find(two)
	find(one)
	require.Equal(t, 3, looked)
	closeOne()
	closeTwo()
	closeThird()
	require.Empty(t, all.of, "what nobody has open is forgotten")
}

// What went wrong is told to all, but not that somebody else has gone.
func TestWhoGoesAwayWhileTheyLookSpoilsItForNobody(t *testing.T) {
	var all looks
	l, closed := all.open(lookKey{})
	defer closed()
	now := func() time.Time { return time.Unix(1000, 0) }
	gone, leave := context.WithCancel(t.Context())
	_, err := l.find(gone, now, func(*look) (found, error) {
		leave()
		return found{}, gone.Err()
	})
	require.ErrorIs(t, err, context.Canceled)
	away := errors.New("the database is away")
	_, err = l.find(t.Context(), now, func(*look) (found, error) { return found{}, away })
	require.ErrorIs(t, err, away)
	_, err = l.find(t.Context(), now, func(*look) (found, error) { panic("it was looked just now") })
	require.ErrorIs(t, err, away)
	l.turn <- struct{}{} // somebody looks, and it takes long
	_, err = l.find(gone, now, func(*look) (found, error) { panic("it is another one's turn") })
	require.ErrorIs(t, err, context.Canceled)
}

// A room of 30 is looked at each second, and one of 500 less often.
func TestWhatIsLargeIsLookedAtLessOften(t *testing.T) {
	const card = 2 << 10 // about
	require.Equal(t, fragmentInterval, untilNext(0))
	require.Equal(t, fragmentInterval, untilNext(30*card))
	require.Equal(t, 5*fragmentInterval, untilNext(500*card))
	require.Equal(t, mostIntervals*fragmentInterval, untilNext(1<<30))
}
