package allocator_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/gpu/gputest"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// gpuMachine is a machine of a workshop with the rules of a real agent.
type gpuMachine struct {
	*one
	injector *inject.Injector
	machine  *agent.Machine
	at       atomic.Int64 // nanoseconds, as of the epoch: a look may outlast who asked for it
}

// withGPU is a workshop with one machine, whose GPU can be broken, or is by a case that is
// older than the agent. Its agent's clock is the allocator's as of the last report.
func withGPU(t *testing.T, c gputest.Case, spares int) *gpuMachine {
	t.Helper()
	made := gputest.A10G
	if c.Before {
		made = gputest.T4
	}
	o := oneMachine(t, spares)
	injector := inject.New(gputest.New(made("GPU-a")))
	g := &gpuMachine{one: o, injector: injector}
	g.at.Store(o.Time.UnixNano())
	g.machine = agent.NewMachine(injector, agent.About{BootID: "boot-0"}, func() time.Time { return time.Unix(0, g.at.Load()).UTC() })
	gputest.Begin(t, injector, g.machine, c)
	g.report(t)
	return g
}

// report looks at the GPU, and reports what was found.
func (g *gpuMachine) report(t *testing.T) api.Status {
	t.Helper()
	g.at.Store(g.Time.UnixNano())
	s := g.machine.Status()
	_, err := g.Report(t.Context(), g.agent, api.Report{
		Health: s.Health, Reason: s.Reason, Action: s.Action, Note: s.Note, BootID: "boot-0", Readings: s.Readings,
	})
	require.NoError(t, err)
	return s
}

// suffer injects a fault and reports it, once it counts.
func (g *gpuMachine) suffer(t *testing.T, c gputest.Case) api.Status {
	t.Helper()
	gputest.Suffer(t, g.injector, g.machine, c)
	g.report(t)
	g.Time = g.Time.Add(90 * time.Second) // some faults count once they have lasted
	return g.report(t)
}

// becomes is what the allocator makes of a free machine, by its health and what helps.
var becomes = map[api.Health]map[api.Action]allocator.MachineState{
	api.Unhealthy: {api.Reboot: allocator.Rebooting, api.Reset: allocator.Rebooting, api.Replace: allocator.Terminating},
	api.Degraded: {
		api.NoAction: allocator.Ready, api.Restart: allocator.Ready,
		api.Reboot: allocator.Rebooting, api.Reset: allocator.Rebooting, api.Replace: allocator.Terminating,
	},
	api.Healthy: {api.NoAction: allocator.Ready, api.Restart: allocator.Ready},
}

func TestEachFaultOfAGPULeadsToWhatHelps(t *testing.T) {
	for _, c := range gputest.Cases {
		t.Run(c.Name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { leadsToWhatHelps(t, c) }) })
	}
}

func leadsToWhatHelps(t *testing.T, c gputest.Case) {
	g := withGPU(t, c, 0)
	s := g.suffer(t, c)
	require.Equal(t, []any{c.Health, c.Action, c.Reason, c.Note, c.Absent}, []any{s.Health, s.Action, s.Reason, s.Note, s.Inventory.Note})
	m := g.pass(t, time.Second)
	want, known := becomes[c.Health][c.Action]
	require.True(t, known, "nobody says what becomes of a machine that is %s and helped by %q", c.Health, c.Action)
	require.Equal(t, want, m.State, m.Reason)
	require.Equal(t, c.Reason+c.Note, m.HealthReason, "staff reads it")
	if want != allocator.Ready {
		require.Contains(t, m.Reason, c.Reason, "the machine's timeline says why")
	}
	others := len(g.Machines(t, g.ws))
	require.Equal(t, want == allocator.Terminating, others > 1, "another one is launched only for one that goes")
}

func TestWhoHoldsAMachineWithAFaultKeepsItUntilAnotherIsReady(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range gputest.Cases {
		kind := string(c.Health) + string(c.Action)
		if seen[kind] {
			continue // what is done depends on no more
		}
		seen[kind] = true
		t.Run(c.Name, func(t *testing.T) {
			g := withGPU(t, c, 0)
			claimed, err := g.Claim(t.Context(), api.Claim{Code: g.ws.JoinCode, Email: "ann@example.org"}, "")
			require.NoError(t, err)
			g.suffer(t, c)
			require.Equal(t, allocator.Assigned, g.pass(t, time.Second).State)
			seat, err := g.SeatOf(t.Context(), claimed.Token)
			require.NoError(t, err)
			require.Equal(t, g.id, seat.MachineID)
			others := len(g.Machines(t, g.ws)) - 1
			require.Equal(t, c.Health == api.Unhealthy, others > 0, "one that is unhealthy is replaced for her; one that is slow is not")
		})
	}
}

func TestAMachineThatLimpsIsNotRebootedWhileSomebodyWaits(t *testing.T) {
	limping := allocator.Machine{ID: "mch_1", WorkshopID: "wks_1", State: allocator.Ready, InstanceID: "i-1", Health: api.Degraded, Action: api.Reset}
	for waiting, want := range []int{1, 0} {
		var reboots int
		for _, step := range allocator.Plan(allocator.Situation{
			Workshops: []allocator.Workshop{{ID: "wks_1", Seats: 1, Warm: 1}}, Machines: []allocator.Machine{limping},
			Seats: map[string]int{"wks_1": waiting},
		}) {
			if step.Reboot != nil {
				reboots++
			}
		}
		require.Equal(t, want, reboots, "%d people wait", waiting)
	}
}

func TestAMachineThatLimpsIsRebootedOnce(t *testing.T) {
	g := withGPU(t, gputest.Case{}, 0)
	require.NoError(t, g.injector.Apply(inject.Order{Fault: "rows", Value: "pending"}))
	g.report(t)
	require.Equal(t, allocator.Rebooting, g.pass(t, time.Second).State)
	g.boots++
	g.say(t, api.Degraded, api.Reset)
	require.Equal(t, allocator.Ready, g.look(t).State)
	require.Equal(t, allocator.Ready, g.pass(t, time.Minute).State, "a reboot did not help, so it stays as it is")
}

func TestAMachineThatLimpsForHoursIsRebootedOnce(t *testing.T) {
	g := withGPU(t, gputest.Case{}, 0)
	g.say(t, api.Degraded, api.Reset)
	reboots := 0
	for range 3 {
		if g.pass(t, time.Second).State == allocator.Rebooting {
			reboots++
			g.boots++
		}
		for range 35 {
			g.say(t, api.Degraded, api.Reset)
			g.Time = g.Time.Add(time.Minute)
		}
	}
	require.Equal(t, 1, reboots, "to limp is not to be well")
	for range 31 {
		g.say(t, api.Healthy, api.NoAction)
		g.Time = g.Time.Add(time.Minute)
	}
	g.say(t, api.Degraded, api.Reset)
	require.Equal(t, allocator.Rebooting, g.pass(t, time.Second).State, "it was well for half an hour in between")
}

// As where all machines of a type have the fault.
func TestMachinesThatLimpAreNotReplacedOneAfterTheOther(t *testing.T) {
	g := withGPU(t, gputest.Case{}, 0)
	replaced := map[string]bool{}
	for range 65 {
		all := g.Machines(t, g.ws)
		m := all[len(all)-1]
		if m.State == allocator.Booting {
			_, g.all[m.ID] = g.Boot(t, m)
		}
		if g.all[m.ID].ID != "" {
			g.choose(m.ID)
			g.say(t, api.Degraded, api.Replace)
		}
		if m = g.pass(t, time.Minute); m.State == allocator.Terminating {
			replaced[m.ID] = true
		}
	}
	require.Len(t, replaced, 3, "at once, and each half hour")
}

func TestOnlyOneMachineThatLimpsIsRebootedAtATime(t *testing.T) {
	o := oneMachine(t, 2)
	for id := range o.all {
		o.choose(id)
		o.say(t, api.Degraded, api.Reset)
	}
	o.pass(t, time.Second)
	o.pass(t, time.Second) // the first one is on its way
	states := map[allocator.MachineState]int{}
	for _, m := range o.Machines(t, o.ws) {
		states[m.State]++
	}
	assert.Equal(t, map[allocator.MachineState]int{allocator.Ready: 2, allocator.Rebooting: 1}, states)
}

func TestAMachineThatOnlyAnotherOneMendsIsNotRebootedWhenItFallsSilent(t *testing.T) {
	g := withGPU(t, gputest.Case{}, 0)
	g.pass(t, time.Second)
	require.NoError(t, g.injector.Apply(inject.Order{Fault: "rows", Value: "failed"}))
	g.report(t)
	g.Time = g.Time.Add(20 * time.Minute)
	require.Equal(t, allocator.Terminating, g.pass(t, time.Second).State)
	require.Empty(t, g.EC2.Rebooted)
}
