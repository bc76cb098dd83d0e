package allocator_test

import (
	"context"
	"fmt"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// agents lets the agents of instances that run say how they are; "" is silence.
func (l *life) agents(ctx context.Context, r require.TestingT, health func(allocator.Machine) api.Health) {
	runs := l.runs()
	l.owners(ctx, r, health)
	for _, m := range l.living(r) {
		h := health(m)
		if h == "" || !runs[m.InstanceID] {
			continue
		}
		l.seq++
		l.Agents.Connect(m)
		given, err := l.Register(ctx, allocatortest.Registration(m.InstanceID, "client-gpu", fmt.Sprintf("%s %d", m.InstanceID, l.seq)))
		refusedFairly(r, err)
		if err != nil {
			continue
		}
		l.tells(ctx, r, m, given.AgentID, h)
	}
}

// runs are the instances that run.
func (l *life) runs() map[string]bool {
	runs := map[string]bool{}
	for _, i := range l.EC2.All {
		runs[i.ID] = i.State == allocator.InstanceRunning
	}
	return runs
}

// tells lets the agent of a machine say how it is, and log.
func (l *life) tells(ctx context.Context, r require.TestingT, m allocator.Machine, id string, h api.Health) {
	report := api.Report{Health: h, BootID: bootOf(m)}
	if h == api.Unhealthy {
		report.Reason, report.Action = "GPU 0 fell off the bus", []api.Action{api.NoAction, api.Reboot, api.Replace}[l.seq%3]
	}
	agent := allocator.Agent{ID: id, MachineID: m.ID}
	_, err := l.Report(ctx, agent, report)
	refusedFairly(r, err)
	l.logs(ctx, r, agent)
}

// logs lets an agent log a line.
func (l *life) logs(ctx context.Context, r require.TestingT, a allocator.Agent) {
	batch := api.LogBatch{Run: "a", Number: int64(l.seq), Lines: []api.LogLine{{At: l.Time, Level: "info", Source: "agent", Text: "it runs"}}}
	err := l.KeepLogs(ctx, a, batch)
	refusedFairly(r, err)
	if err == nil {
		l.logged[a.MachineID]++
	}
}

// owners lets the agents of people's own machines say how they are; "" is silence. One that
// was released says no more.
func (l *life) owners(ctx context.Context, r require.TestingT, health func(allocator.Machine) api.Health) {
	for _, own := range l.own {
		h := health(allocator.Machine{})
		if h == "" {
			continue
		}
		l.seq++
		given, err := l.Register(ctx, own)
		refusedFairly(r, err)
		if err != nil || given.Released != "" {
			continue
		}
		m, err := l.Store.Machine(context.Background(), given.MachineID)
		require.NoError(r, err)
		require.True(r, m.Own() && m.InstanceID == "", "%s is not EC2's", m.ID)
		l.Agents.Connect(m)
		l.tells(ctx, r, m, given.AgentID, h)
	}
}

// bootOf is how the boot is called that a machine's agent tells.
func bootOf(m allocator.Machine) string { return fmt.Sprintf("boot %d of %s", m.Reboots, m.ID) }
