package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// cents are what machines cost an hour, by type; a tenth of them of spot machines.
type cents map[string]float64

func (c cents) Hourly(_, kind string, spot bool) (allocator.Rate, bool) {
	usd, known := c[kind]
	if spot {
		return allocator.Rate{USD: usd / 10, Beside: 0.01, From: "EC2's spot market"}, known
	}
	return allocator.Rate{USD: usd, Beside: 0.01, From: "a list"}, known
}

// underCap is a world whose machines may cost so much an hour.
func underCap(t *testing.T, usd float64, market string, kinds ...string) *allocatortest.World {
	t.Helper()
	w := newWorld(t)
	w.Rates = cents{"small": 0.5, "middle": 1, "large": 2}
	w.Pools[0].MaxHourlyUSD, w.Pools[0].Market, w.Pools[0].InstanceTypes = usd, market, kinds
	return w
}

func TestTypesThatCostMoreThanAMachineMayAreNotAskedFor(t *testing.T) {
	types := []string{"large", "small", "unknown", "middle"}
	for name, c := range map[string]struct {
		usd    float64
		market string
		hard   bool
		want   allocator.Kinds
	}{
		"without a cap":                                 {0, "on-demand", true, allocator.Kinds{OnDemand: types}},
		"on demand, in the order of preference":         {1, "on-demand", true, allocator.Kinds{OnDemand: []string{"small", "unknown", "middle"}}},
		"as told, to a tenth of a cent":                 {0.9996, "on-demand", true, allocator.Kinds{OnDemand: []string{"small", "unknown", "middle"}}},
		"what nobody knows is not held back":            {0.1, "on-demand", true, allocator.Kinds{OnDemand: []string{"unknown"}}},
		"by the spot market":                            {0.1, "spot", false, allocator.Kinds{Spot: []string{"small", "unknown", "middle"}}},
		"by each market":                                {0.6, "spot-then-on-demand", false, allocator.Kinds{Spot: types, OnDemand: []string{"small", "unknown"}}},
		"a hard cap holds AWS to it on the spot market": {0.6, "spot", true, allocator.Kinds{Spot: types, MostSpot: 0.59}},
	} {
		w := underCap(t, c.usd, c.market, types...)
		w.Budget.HardCap = c.hard
		w.Open(t, 1)
		w.RunAll(t)
		require.Equal(t, c.want, w.EC2.Kinds, name)
		require.Equal(t, 1, w.EC2.Alive(), name)
	}
}

func TestALaunchOfNothingButDearTypesIsRefusedInWords(t *testing.T) {
	w := underCap(t, 0.75, "on-demand", "middle", "large")
	e, err := w.Estimate(t.Context(), api.NewWorkshop{Pool: "gpu", Seats: 2})
	require.NoError(t, err)
	const says = "A machine of pool gpu may cost $0.750 an hour, with its disk and address, and each of its types costs more: middle $1.000, large $2.000 (a list). Ask the engineer who deployed LabLink to raise pools[].maxHourlyUsd, or to add a cheaper type to the pool."
	require.Equal(t, api.Limit{Of: "machine", State: api.Short, Detail: says}, limit(t, e, "machine"))
	require.InDelta(t, 4, *e.Hourly, 1e-9, "what it would cost")

	ws, op := w.Open(t, 2)
	require.Empty(t, w.RunAll(t))
	require.Zero(t, w.EC2.Calls)
	o, err := w.Store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, []any{allocator.Failed, 2}, []any{o.State, o.Failed})
	require.Contains(t, o.Message, says)
	ws, err = w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, "Every type of the pool costs too much: "+says, ws.Trouble)
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	waits, err := w.Waiting(t.Context(), c.Seat)
	require.NoError(t, err)
	require.Contains(t, waits.Why, "No more machines can be started at the moment: they cost more than they may.")

	w.Rates, w.Time = cents{"middle": 0.7, "large": 2}, ws.LaunchAfter
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Equal(t, 2, w.EC2.Alive(), "prices fell")
	require.Equal(t, []string{"middle"}, w.EC2.Kinds.OnDemand)
	waits, err = w.Waiting(t.Context(), c.Seat)
	require.NoError(t, err)
	require.Empty(t, waits.Why)
}

func TestAnEstimateCountsTheTypesThatMayBeLaunched(t *testing.T) {
	w := underCap(t, 1, "spot-then-on-demand", "large", "middle", "unknown")
	e, err := w.Estimate(t.Context(), api.NewWorkshop{Pool: "gpu", Seats: 3})
	require.NoError(t, err)
	require.InDelta(t, 3, *e.Hourly, 1e-9)
	require.Equal(t, api.Limit{Of: "machine", State: api.Enough, Detail: "A machine of pool gpu may cost $1.000 an hour. Not launched is what costs more: large $2.000 (a list)."}, limit(t, e, "machine"))
	w.Pools[0].MaxHourlyUSD, w.Pools[0].InstanceTypes = 0.3, []string{"large", "middle"}
	e, err = w.Estimate(t.Context(), api.NewWorkshop{Pool: "gpu", Seats: 3})
	require.NoError(t, err)
	require.InDelta(t, 0.6, *e.Hourly, 1e-9, "as spot machines only")
	w.Pools[0].InstanceTypes = []string{"unknown"}
	e, err = w.Estimate(t.Context(), api.NewWorkshop{Pool: "gpu", Seats: 3})
	require.NoError(t, err)
	require.Equal(t, api.Unknown, limit(t, e, "machine").State)
	w.Pools[0].MaxHourlyUSD = 0
	e, err = w.Estimate(t.Context(), api.NewWorkshop{Pool: "gpu", Seats: 3})
	require.NoError(t, err)
	for _, l := range e.Limits {
		require.NotEqual(t, "machine", l.Of, "there is no cap")
	}
}

func TestAMachineThatBecameTooDearIsWarnedOfAndGoesOn(t *testing.T) {
	w := underCap(t, 1, "on-demand", "g5.xlarge")
	w.Rates, w.Budget.HardCap = cents{"g5.xlarge": 1}, true
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	require.Empty(t, w.OverHourCap(m))
	w.Rates = cents{"g5.xlarge": 1.25}
	require.Contains(t, w.OverHourCap(m), "It costs $1.250 an hour, and a machine of pool gpu may cost $1.000. LabLink does not end it for that")
	after(t, w, ws, time.Hour)
	require.Equal(t, 1, w.EC2.Alive())
	m = w.Machines(t, ws)[0]
	require.Equal(t, allocator.Ready, m.State)
	m.State = allocator.Terminating
	require.Empty(t, w.OverHourCap(m))
	w.Rates = cents{}
	require.Empty(t, w.OverHourCap(w.Machines(t, ws)[0]), "nobody knows")
}
