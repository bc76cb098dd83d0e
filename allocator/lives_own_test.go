package allocator_test

import (
	"context"
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
	l.own = append(l.own, api.Registration{Protocol: api.Protocol, Version: "test", SecretSHA256: api.SecretSum("of " + token), JoinToken: token})
}

// noticed lets AWS take a spot machine back, or say that it may: its agent tells so, and the
// machine may be gone before the allocator has ended it.
func (l *life) noticed(ctx context.Context, r *rapid.T) {
	runs := l.runs()
	spot := slices.DeleteFunc(l.living(r), func(m allocator.Machine) bool { return !m.Spot || m.AgentID == "" || !runs[m.InstanceID] })
	if len(spot) == 0 {
		return
	}
	m := rapid.SampledFrom(spot).Draw(r, "machine")
	notice := &api.Interruption{Action: rapid.SampledFrom([]string{"terminate", "stop", api.Rebalance}).Draw(r, "action"), At: l.Time.Add(2 * time.Minute)}
	_, err := l.Report(ctx, allocator.Agent{ID: m.AgentID, MachineID: m.ID}, api.Report{Health: api.Healthy, BootID: bootOf(m), Interruption: notice})
	refusedFairly(r, err)
	if notice.Action == api.Rebalance {
		return
	}
	if rapid.Bool().Draw(r, "gone") {
		how := map[string]allocator.InstanceState{"terminate": allocator.InstanceGone, "stop": allocator.InstanceStopped}
		l.EC2.Set(how[notice.Action], m.InstanceID)
	}
	if err != nil {
		return
	}
	now, err := l.Store.Machine(context.Background(), m.ID)
	require.NoError(r, err)
	require.Empty(r, now.SeatID, "nobody works on what AWS takes back")
	require.Contains(r, []allocator.MachineState{allocator.Draining, allocator.Terminating, allocator.Terminated}, now.State)
}

// spends sets what all machines may cost in a month, each of which costs a dollar an hour:
// so much more than those of this life and the ones before have cost already.
func (l *life) spends(r *rapid.T) {
	spent, err := l.SpentThisMonth(context.Background())
	require.NoError(r, err)
	l.budget = allocator.Budget{HardCap: rapid.Bool().Draw(r, "hard")}
	if more := rapid.SampledFrom([]float64{0, 0.5, 5, 1000}).Draw(r, "more"); more > 0 {
		l.budget.MonthlyUSD = spent.USD + more
	}
	l.looks()
}
