package agent_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAnOrderThatIsLateIsRefusedAlsoAfterARestart(t *testing.T) {
	memory := &fakeMemory{}
	begin := func() *agent.Sessions {
		s := agent.NewSessions(&fakeDesktop{})
		s.Memory = memory
		return s
	}
	s := begin()
	require.NoError(t, s.Start(t.Context(), "anns", 3))
	require.NoError(t, s.End(t.Context(), "anns", 4))
	s = begin()
	require.Equal(t, api.Conflict, api.CodeOf(s.Start(t.Context(), "anns", 3)), "she has left")
	require.NoError(t, s.Start(t.Context(), "bobs", 5))
	s = begin()
	require.NoError(t, s.Start(t.Context(), "bobs", 5), "the same once more, as the desktop may not be there any more")
	memory.err = errors.New("disk full")
	require.NoError(t, s.End(t.Context(), "bobs", 6), "it is carried out all the same")
	require.Equal(t, api.Conflict, api.CodeOf(s.Start(t.Context(), "bobs", 5)))
}

func TestASessionWhoseSeatEndedWhileTheAgentWasAwayEnds(t *testing.T) {
	for what, c := range map[string]struct {
		order func(*agent.Sessions) error
		asked []string
	}{
		"nobody is here":        {func(s *agent.Sessions) error { return s.End(t.Context(), "", 4) }, []string{"end anns"}},
		"somebody else is here": {func(s *agent.Sessions) error { return s.Start(t.Context(), "bobs", 4) }, []string{"end anns", "start bobs"}},
		"she is still here":     {func(s *agent.Sessions) error { return s.Start(t.Context(), "anns", 3) }, []string{"start anns"}},
		"the order is late": {func(s *agent.Sessions) error {
			require.Equal(t, api.Conflict, api.CodeOf(s.End(t.Context(), "", 2)))
			return nil
		}, nil},
	} {
		memory, d := &fakeMemory{}, &fakeDesktop{}
		begin := func() *agent.Sessions {
			s := agent.NewSessions(d)
			s.Memory = memory
			return s
		}
		require.NoError(t, begin().Start(t.Context(), "anns", 3))
		d.asked = nil
		s := begin()
		require.NoError(t, c.order(s), what)
		require.Equal(t, c.asked, d.asked, what)
		if s.ID() == "" && c.asked != nil { // once
			require.NoError(t, begin().End(t.Context(), "", 5))
			require.Equal(t, c.asked, d.asked, what)
		}
	}
}

func TestWhatIsLeftOfASessionIsTriedToEndUntilItDoes(t *testing.T) {
	memory, d := &fakeMemory{}, &fakeDesktop{}
	s := agent.NewSessions(d)
	s.Memory = memory
	require.NoError(t, s.Start(t.Context(), "anns", 3))
	s = agent.NewSessions(d)
	s.Memory = memory
	d.err = errors.New("it hangs")
	require.Equal(t, api.Unavailable, api.CodeOf(s.End(t.Context(), "", 4)))
	require.Contains(t, s.Status().Trouble, "The session before does not end: it hangs")
	d.err, d.asked = nil, nil
	require.NoError(t, s.End(t.Context(), "", 4))
	require.Equal(t, []string{"end anns"}, d.asked)
}
