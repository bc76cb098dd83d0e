package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// list is what types cost an hour; spot machines cost half.
type list map[string]float64

func (l list) Hourly(_, kind string, spot bool) (allocator.Rate, bool) {
	usd, ok := l[kind]
	if spot {
		usd /= 2
	}
	return allocator.Rate{USD: usd, From: "a list"}, ok
}

func TestAWorkshopCostsWhatItsMachinesDo(t *testing.T) {
	w := newWorld(t)
	w.Rates = list{"g5.xlarge": 1}
	ends := w.Time.Add(4 * time.Hour)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2, EndsAt: &ends})
	require.NoError(t, err)
	cost := func() allocator.Cost {
		ws, err := w.Store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		return w.CostOf(ws, w.Machines(t, ws))
	}
	require.Equal(t, allocator.Cost{AtEnd: 8}, cost(), "two machines are coming, for four hours")
	w.RunAll(t)
	w.Time = w.Time.Add(time.Hour)
	require.Equal(t, allocator.Cost{SoFar: 2, Hourly: 2, AtEnd: 8, From: []string{"a list"}}, cost())

	w.EC2.Set(allocator.InstanceGone, w.Machines(t, ws)[0].InstanceID)
	require.NoError(t, w.Observe(t.Context()))
	w.Time = w.Time.Add(time.Hour)
	require.Equal(t, allocator.Cost{SoFar: 3, Hourly: 1, AtEnd: 7, From: []string{"a list"}}, cost(), "one that is gone costs no more; another one is coming for it")

	_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	w.RunAll(t)
	w.EC2.Finish()
	w.Queued, err = w.Store.Unfinished(t.Context())
	require.NoError(t, err)
	w.RunAll(t)
	w.Time = w.Time.Add(time.Hour)
	require.InDelta(t, 3, cost().SoFar, 0.1)
	require.Zero(t, cost().Hourly)
	w.Rates = list{}
	require.Equal(t, allocator.Cost{Unknown: 2}, cost(), "not known is not nothing")
}

func TestAMachineCostsFromItsLaunchToItsEnd(t *testing.T) {
	w := newWorld(t)
	w.Rates = list{"g5.xlarge": 1}
	ends := w.Time.Add(4 * time.Hour)
	ws, _ := w.Open(t, 1)
	of := func(ends time.Time) (allocator.MachineCost, bool) { return w.CostOfMachine(w.Machines(t, ws)[0], ends) }
	_, known := of(ends)
	require.False(t, known, "it was not launched yet")
	w.RunAll(t)
	w.Time = w.Time.Add(time.Hour)
	for ends, atEnd := range map[time.Time]float64{ends: 4, {}: 0, w.Time.Add(-time.Minute): 1} {
		got, known := of(ends)
		require.True(t, known)
		require.Equal(t, allocator.MachineCost{SoFar: 1, Hourly: 1, AtEnd: atEnd, From: "a list"}, got)
	}
	w.EC2.Set(allocator.InstanceGone, w.Machines(t, ws)[0].InstanceID)
	require.NoError(t, w.Observe(t.Context()))
	w.Time = w.Time.Add(time.Hour)
	got, known := of(ends)
	require.True(t, known)
	require.Equal(t, allocator.MachineCost{SoFar: 1, From: "a list"}, got)
	w.Rates = list{}
	_, known = of(ends)
	require.False(t, known)
}

func TestASpotMachineCostsLess(t *testing.T) {
	w := newWorld(t)
	w.Rates = list{"g5.xlarge": 1}
	one := allocator.Machine{Pool: "gpu", Type: "g5.xlarge", State: allocator.Ready, Spot: true, LaunchedAt: w.Time.Add(-2 * time.Hour)}
	require.InDelta(t, 1, w.CostOf(allocator.Workshop{Pool: "gpu"}, []allocator.Machine{one}).SoFar, 1e-9)
}
