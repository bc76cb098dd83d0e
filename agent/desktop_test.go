package agent_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// fakeDesktop writes down what it is asked for.
type fakeDesktop struct {
	asked []string
	err   error
	idle  time.Duration
	known bool
}

func (d *fakeDesktop) Kind() string { return "" }

func (d *fakeDesktop) Start(_ context.Context, id string) error {
	d.asked = append(d.asked, "start "+id)
	return d.err
}

func (d *fakeDesktop) End(_ context.Context, id string) error {
	d.asked = append(d.asked, "end "+id)
	return d.err
}

func (d *fakeDesktop) Idle(context.Context) (time.Duration, bool) { return d.idle, d.known }

func TestASessionIsStartedOnceAndAnotherTakesItsPlace(t *testing.T) {
	d := &fakeDesktop{}
	s := agent.NewSessions(d)
	for _, id := range []string{"one", "one", "two"} {
		require.NoError(t, s.Start(t.Context(), id, 0))
		require.Equal(t, id, s.ID())
	}
	require.NoError(t, s.End(t.Context(), "one", 0), "it has ended already")
	require.Equal(t, "two", s.ID())
	require.NoError(t, s.End(t.Context(), "two", 0))
	require.Empty(t, s.ID())
	require.Equal(t, []string{"start one", "end one", "start two", "end two"}, d.asked)
}

func TestASessionThatDoesNotStartIsToldUntilOneDoes(t *testing.T) {
	d := &fakeDesktop{err: errors.New("no display is free")}
	s := agent.NewSessions(d)
	err := s.Start(t.Context(), "one", 0)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
	assert.Equal(t, &api.SessionStatus{Trouble: "The desktop does not start: no display is free"}, s.Status())
	d.err = nil
	require.NoError(t, s.Start(t.Context(), "one", 0))
	assert.Equal(t, &api.SessionStatus{ID: "one"}, s.Status(), "and whether it is idle is not known")
	d.err = errors.New("it hangs")
	require.Error(t, s.Start(t.Context(), "two", 0))
	assert.Equal(t, "one", s.Status().ID, "nobody gets what another one left behind")
}

func TestIdleIsToldWhereItIsKnown(t *testing.T) {
	s := agent.NewSessions(&fakeDesktop{idle: 90 * time.Second, known: true})
	assert.Nil(t, s.Status().IdleSeconds, "nobody works there")
	require.NoError(t, s.Start(t.Context(), "one", 0))
	assert.Equal(t, 90, *s.Status().IdleSeconds)

	plain := agent.NewSessions(agent.Plain{})
	require.NoError(t, plain.Start(t.Context(), "one", 0))
	assert.Nil(t, plain.Status().IdleSeconds)
	require.NoError(t, plain.End(t.Context(), "one", 0))
	assert.Empty(t, plain.Status().ID)
}

// Of two allocators one may be late: what it orders is over by then.
func TestAnOrderThatIsLateIsRefused(t *testing.T) {
	d := &fakeDesktop{}
	s := agent.NewSessions(d)
	require.NoError(t, s.Start(t.Context(), "anns", 3))
	require.NoError(t, s.End(t.Context(), "anns", 4))
	require.Equal(t, api.Conflict, api.CodeOf(s.Start(t.Context(), "anns", 3)), "she has left")
	require.Empty(t, s.ID())
	require.NoError(t, s.Start(t.Context(), "bobs", 5))
	require.Equal(t, api.Conflict, api.CodeOf(s.Start(t.Context(), "anns", 3)))
	require.Equal(t, api.Conflict, api.CodeOf(s.End(t.Context(), "bobs", 4)), "nobody held it then")
	require.NoError(t, s.Start(t.Context(), "bobs", 5), "the same once more")
	require.Equal(t, "bobs", s.ID())
	require.Equal(t, []string{"start anns", "end anns", "start bobs"}, d.asked)

	d.err = errors.New("no display is free")
	require.Equal(t, api.Unavailable, api.CodeOf(s.End(t.Context(), "bobs", 6)))
	d.err = nil
	require.Equal(t, api.Conflict, api.CodeOf(s.Start(t.Context(), "bobs", 5)), "it is to end, if it could not yet")

	require.NoError(t, s.Start(t.Context(), "cys", 0), "an allocator of an older release orders without a number")
	require.Equal(t, "cys", s.ID())
}

func TestThatNobodyIsHereEndsNothingAndCounts(t *testing.T) {
	d := &fakeDesktop{}
	s := agent.NewSessions(d)
	s.Leaving = func() { t.Fatal("nobody leaves") }
	require.NoError(t, s.End(t.Context(), "", 7))
	require.Empty(t, d.asked)
	require.Equal(t, api.Conflict, api.CodeOf(s.Start(t.Context(), "one", 6)), "it is late")
}

func TestTheNewestOrderCountsInWhateverWayOrdersCome(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := agent.NewSessions(&fakeDesktop{})
		newest, want := int64(0), ""
		for range rapid.IntRange(1, 20).Draw(t, "orders") {
			number := rapid.Int64Range(1, 10).Draw(t, "number")
			id := fmt.Sprint("seat-", number) // even numbers are of holds, odd ones of none
			var err error
			if number%2 == 0 {
				err = s.Start(context.Background(), id, number)
			} else {
				err = s.End(context.Background(), s.ID(), number)
			}
			require.Equal(t, number < newest, err != nil, "%v", err)
			if number >= newest {
				newest, want = number, ""
				if number%2 == 0 {
					want = id
				}
			}
			require.Equal(t, want, s.ID())
		}
	})
}
