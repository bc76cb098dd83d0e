package agent_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// forgetAgents makes the allocator forget every agent.
func (f *fakeAllocator) forgetAgents() {
	f.change(func() { f.sums = map[string]string{}; f.breakTunnels() })
}

func TestAForgottenAgentRegistersAgainOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(time.Hour)
		w.allocator.forgetAgents()
		after(time.Second)
		require.Len(t, w.allocator.now().registrations, 2, "report and tunnel were refused, and one registration follows")
		assert.Equal(t, "agt_2", w.store.stored().AgentID)
		said := w.allocator.now().registrations
		assert.Equal(t, said[0].SecretSHA256, said[1].SecretSHA256, "an agent keeps its secret")
		assert.Equal(t, 1, w.allocator.now().open, "tunnels")
		heard := len(w.allocator.now().reports)
		after(time.Hour)
		assert.Len(t, w.allocator.now().registrations, 2)
		assert.Len(t, w.allocator.now().reports, heard+120)
	})
}

func TestOneRefusalIsEnoughToRegisterAgain(t *testing.T) {
	unknown := api.Problemf(api.Unauthorized, "Unknown agent", "no agent has this secret")
	for what, refuse := range map[string]func(*fakeAllocator){
		"of a report": func(f *fakeAllocator) { f.sums = map[string]string{} },
		"of a tunnel": func(f *fakeAllocator) { f.noTunnels = unknown; f.breakTunnels() },
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld().start(t)
				after(time.Hour + 10*time.Second)
				w.allocator.change(func() { refuse(w.allocator) })
				after(29 * time.Second)
				assert.Len(t, w.allocator.now().registrations, 2)
			})
		})
	}
}

func TestAnAgentThatMayNotRegisterAgainWaitsAndSaysWhy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(time.Minute)
		w.allocator.change(func() {
			w.allocator.refusal = api.Problemf(api.Conflict, "Has an agent", "end the machine")
		})
		w.allocator.forgetAgents()
		after(time.Hour)
		asked := w.allocator.now().asked - 1
		assert.True(t, asked >= 60 && asked <= 121, "%d registrations asked for in an hour", asked)
		assert.Equal(t, 1, w.logs.count("level=WARN", "registering again"))
		assert.Equal(t, 1, w.logs.count("level=WARN", "end the machine"))

		w.allocator.change(func() { w.allocator.refusal = nil })
		after(time.Minute)
		assert.Len(t, w.allocator.now().registrations, 2)
		assert.Equal(t, 1, w.allocator.now().open, "tunnels")
		assert.Equal(t, 1, w.logs.count("again able to register again"))

		after(time.Hour)
		w.allocator.forgetAgents()
		after(time.Second)
		assert.Equal(t, 2, w.logs.count("level=WARN", "registering again"), "a new trouble is told")
	})
}

func TestAnAllocatorThatRemembersAgainIsReportedToWithTheOldIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(time.Minute)
		var known map[string]string
		w.allocator.change(func() {
			known = w.allocator.sums
			w.allocator.refusal = api.Problemf(api.Conflict, "Has an agent", "wait")
		})
		w.allocator.forgetAgents()
		after(10 * time.Minute)
		w.allocator.change(func() { w.allocator.sums = known })
		heard := len(w.allocator.now().reports)
		after(2 * time.Minute)
		assert.Greater(t, len(w.allocator.now().reports), heard)
		assert.Equal(t, "agt_1", w.store.stored().AgentID)
	})
}

func TestIdentitiesThatAreRefusedAtOnceAreAskedForSlowly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld().start(t)
		after(time.Minute)
		for range 3600 { // no id is good for longer than a second
			w.allocator.forgetAgents()
			after(time.Second)
		}
		assert.LessOrEqual(t, w.allocator.now().asked, 123, "registrations in an hour")
	})
}
