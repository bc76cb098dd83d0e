package agent_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
		require.NoError(t, s.Start(t.Context(), id))
		require.Equal(t, id, s.ID())
	}
	require.NoError(t, s.End(t.Context(), "one"), "it has ended already")
	require.Equal(t, "two", s.ID())
	require.NoError(t, s.End(t.Context(), "two"))
	require.Empty(t, s.ID())
	require.Equal(t, []string{"start one", "end one", "start two", "end two"}, d.asked)
}

func TestASessionThatDoesNotStartIsToldUntilOneDoes(t *testing.T) {
	d := &fakeDesktop{err: errors.New("no display is free")}
	s := agent.NewSessions(d)
	err := s.Start(t.Context(), "one")
	require.Equal(t, api.Unavailable, api.CodeOf(err))
	assert.Equal(t, &api.SessionStatus{Trouble: "The desktop does not start: no display is free"}, s.Status())
	d.err = nil
	require.NoError(t, s.Start(t.Context(), "one"))
	assert.Equal(t, &api.SessionStatus{ID: "one"}, s.Status(), "and whether it is idle is not known")
	d.err = errors.New("it hangs")
	require.Error(t, s.Start(t.Context(), "two"))
	assert.Equal(t, "one", s.Status().ID, "nobody gets what another one left behind")
}

func TestIdleIsToldWhereItIsKnown(t *testing.T) {
	s := agent.NewSessions(&fakeDesktop{idle: 90 * time.Second, known: true})
	assert.Nil(t, s.Status().IdleSeconds, "nobody works there")
	require.NoError(t, s.Start(t.Context(), "one"))
	assert.Equal(t, 90, *s.Status().IdleSeconds)

	plain := agent.NewSessions(agent.Plain{})
	require.NoError(t, plain.Start(t.Context(), "one"))
	assert.Nil(t, plain.Status().IdleSeconds)
	require.NoError(t, plain.End(t.Context(), "one"))
	assert.Empty(t, plain.Status().ID)
}
