package agent_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAMachineOfOnesOwnJoinsByItsTokenUntilItIsReleased(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.join = "lbj_a"
		w.start(t)
		after(time.Minute)
		said := w.allocator.now().registrations
		require.Len(t, said, 1)
		assert.Equal(t, "lbj_a", said[0].JoinToken)
		assert.Equal(t, map[string]string{}, said[0].Proof.Headers, "it proves nothing")
		assert.Equal(t, api.SecretSum("lbj_a"), w.store.stored().Joined)

		w.allocator.change(func() { w.allocator.released = "the workshop is over" })
		w.allocator.forgetAgents()
		after(time.Minute)
		require.NoError(t, <-w.done, "it ends by itself")
		w.done <- nil // for stop
		assert.Equal(t, "the workshop is over", w.store.stored().Released)
		assert.Equal(t, 1, w.logs.count("released this machine"))
	})
}

func TestAMachineThatWasReleasedJoinsAgainWithAnotherToken(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.store.id = agent.Identity{AgentID: "agt_9", Secret: "s", Joined: api.SecretSum("lbj_a"), Released: "over"}
		w.join = "lbj_a"
		w.start(t)
		require.ErrorIs(t, <-w.done, agent.ErrReleased)
		w.done <- nil // for stop
		require.Zero(t, w.allocator.now().asked)

		again := newWorld()
		again.join, again.store = "lbj_b", w.store
		again.start(t)
		after(time.Minute)
		assert.Equal(t, 1, again.allocator.now().asked)
		assert.Equal(t, "agt_1", w.store.stored().AgentID)
		assert.NotEqual(t, "s", w.store.stored().Secret, "it is another machine to the allocator")
	})
}

func TestAReleaseThatComesWithTheFirstAnswerIsHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.join, w.allocator.released = "lbj_a", "the workshop is over"
		w.start(t)
		after(time.Minute)
		require.NoError(t, <-w.done)
		w.done <- nil // for stop
		assert.Equal(t, 1, w.allocator.now().asked)
	})
}
