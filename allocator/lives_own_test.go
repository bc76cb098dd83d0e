package allocator_test

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// joins gives somebody a token by which a machine of their own joins, at once or later.
func (l *life) joins(ctx context.Context, r *rapid.T) {
	all := l.known(r)
	if len(all) == 0 || len(l.own) == 3 {
		return
	}
	ws := rapid.SampledFrom(all).Draw(r, "workshop")
	_, token, err := l.AddJoinToken(ctx, "admin", api.NewJoinToken{Name: "ann's", Workshop: ws.ID})
	refusedFairly(r, err)
	if err != nil {
		return
	}
	l.seq++
	l.own = append(l.own, api.Registration{
		Protocol: api.Protocol, Version: "test", SecretSHA256: api.SecretSum(fmt.Sprintf("own %d", l.seq)), JoinToken: token,
	})
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
		l.tells(ctx, r, m, given.AgentID, h)
	}
}

// noticed lets AWS take a spot machine back, or say that it may: its agent tells so.
func (l *life) noticed(ctx context.Context, r *rapid.T) {
	spot := slices.DeleteFunc(l.living(r), func(m allocator.Machine) bool { return !m.Spot || m.AgentID == "" })
	if len(spot) == 0 {
		return
	}
	m := rapid.SampledFrom(spot).Draw(r, "machine")
	notice := &api.Interruption{Action: rapid.SampledFrom([]string{"terminate", "stop", api.Rebalance}).Draw(r, "action"), At: l.Time.Add(2 * time.Minute)}
	_, err := l.Report(ctx, allocator.Agent{ID: m.AgentID, MachineID: m.ID}, api.Report{Health: api.Healthy, BootID: bootOf(m), Interruption: notice})
	refusedFairly(r, err)
	if err != nil || notice.Action == api.Rebalance {
		return
	}
	now, err := l.Store.Machine(context.Background(), m.ID)
	require.NoError(r, err)
	require.Empty(r, now.SeatID, "nobody works on what AWS takes back")
	require.Contains(r, []allocator.MachineState{allocator.Draining, allocator.Terminating, allocator.Terminated}, now.State)
}

// spends sets what all machines may cost in a month. Each costs a dollar an hour.
func (l *life) spends(r *rapid.T) {
	l.budget = allocator.Budget{
		MonthlyUSD: rapid.SampledFrom([]float64{0, 0.5, 5, 1000}).Draw(r, "a month"), HardCap: rapid.Bool().Draw(r, "hard"),
	}
	l.looks()
}

// bootOf is how the boot is called that a machine's agent tells.
func bootOf(m allocator.Machine) string { return fmt.Sprintf("boot %d of %s", m.Reboots, m.ID) }
