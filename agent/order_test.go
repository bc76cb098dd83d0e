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
