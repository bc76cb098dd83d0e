package agent_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// after lets time pass and everything that it sets in motion come to rest.
func after(d time.Duration) {
	<-time.After(d) // in a bubble: no real time passes
	synctest.Wait()
}

func TestAnAgentRegistersKeepsItsIdentityAndReports(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(0)
		require.Len(t, w.allocator.now().registrations, 1)
		said := w.allocator.now().registrations[0]
		assert.Equal(t, api.Protocol, said.Protocol)
		assert.Equal(t, "v1.2.3", said.Version)
		assert.Equal(t, "boot-1", said.BootID)
		assert.Equal(t, "NVIDIA H100", said.Inventory.GPUs[0].Model)
		assert.NotEmpty(t, said.Proof.Headers)
		assert.Equal(t, "agt_1", w.store.stored().AgentID)
		assert.Len(t, w.store.stored().Secret, 64, "256 bits")
		assert.Equal(t, api.SecretSum(w.store.stored().Secret), said.SecretSHA256)
		assert.Equal(t, 1, w.allocator.now().open, "tunnels")
		require.Len(t, w.allocator.now().reports, 1)
		assert.Equal(t, api.Healthy, w.allocator.now().reports[0].Health)
		assert.Equal(t, "boot-1", w.allocator.now().reports[0].BootID)

		after(5 * time.Minute)
		assert.Len(t, w.allocator.now().reports, 11, "one each 30 s")
		assert.Len(t, w.allocator.now().registrations, 1)
	})
}

func TestAnAgentThatHasAnIdentityDoesNotRegister(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.store.id = agent.Identity{AgentID: "agt_7", Secret: "s"}
		w.allocator.sums["agt_7"] = api.SecretSum("s")
		w.start(t)
		after(0)
		assert.Zero(t, w.allocator.now().asked)
		assert.Len(t, w.allocator.now().reports, 1)
	})
}

func TestARefusedRegistrationIsAskedAgainAndExplainedOnce(t *testing.T) {
	for _, code := range []api.Code{api.NotFound, api.Conflict, api.Unauthorized, api.Invalid} {
		t.Run(string(code), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.allocator.refusal = api.Problemf(code, "Not now", "ask again")
				w.start(t)
				after(10 * time.Minute)
				assert.InDelta(t, 25, w.allocator.now().asked, 8, "tries in ten minutes")
				assert.Equal(t, 1, w.logs.count("level=WARN", "ask again"))

				w.allocator.change(func() { w.allocator.refusal = nil })
				after(time.Minute)
				assert.NotEmpty(t, w.allocator.now().reports)
				assert.NotEqual(t, "1", w.allocator.now().registrations[0].Proof.Headers["Authorization"],
					"a proof is used once")
			})
		})
	}
}

func TestAnIdentityThatCannotBeReadStopsTheAgent(t *testing.T) {
	w := newWorld()
	w.store.loadErr = errors.New("permission denied")
	a := agent.New(agent.Config{
		Machine: agent.NewMachine(w.nvml, agent.About{}, time.Now), Identities: w.store,
	})
	assert.ErrorContains(t, a.Run(t.Context()), "load identity: permission denied")
}

func TestARegistrationWhoseAnswerIsLostIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.allocator.loseAnswers = true
		w.start(t)
		after(time.Minute)
		assert.Greater(t, w.allocator.now().asked, 1)
		w.allocator.change(func() { w.allocator.loseAnswers = false })
		after(time.Minute)
		assert.Equal(t, "agt_1", w.store.stored().AgentID)
		assert.NotEmpty(t, w.allocator.now().reports)
	})
}

func TestAnAgentThatIsRestartedBeforeTheAnswerRegistersTheSameSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.allocator.loseAnswers = true
		w.start(t)
		after(0)
		w.stop()
		assert.Empty(t, w.store.stored().AgentID)
		w.allocator.change(func() { w.allocator.loseAnswers = false })
		w.start(t)
		after(0)
		assert.Equal(t, "agt_1", w.store.stored().AgentID)
		assert.NotEmpty(t, w.allocator.now().reports)
	})
}

func TestASecretThatIsNotStoredIsNotRegistered(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.store.setSaveErr(errors.New("disk full"))
		w.start(t)
		after(10 * time.Minute)
		assert.Zero(t, w.allocator.now().asked)
		assert.Equal(t, 1, w.logs.count("level=WARN", "disk full"))
		w.store.setSaveErr(nil)
		after(time.Minute)
		assert.NotEmpty(t, w.allocator.now().reports)
	})
}

func TestAnIDThatCannotBeStoredIsUsedAndMentioned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.store.id.Secret = "s"
		w.store.saveErr = errors.New("disk full")
		w.start(t)
		after(0)
		assert.Len(t, w.allocator.now().reports, 1)
		assert.Equal(t, 1, w.logs.count("level=WARN", "disk full"))
	})
}

func TestAnAgentStopsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(time.Minute)
		assert.EqualValues(t, 13, w.looks.Load(), "one at the start and one each 5 s")
		w.stop()
		assert.Zero(t, w.allocator.now().open, "tunnels")
		assert.Equal(t, 1, w.nvml.shutdown)
		assert.False(t, w.nvml.open)
	})
}

func TestAnAgentStopsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.allocator.away = true
		w.start(t)
		after(time.Hour)
		at := time.Now()
		w.stop()
		assert.Zero(t, time.Since(at))
	})
}
