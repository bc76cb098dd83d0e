package ec2_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestWhatWasRefusedIsToldWithUntilWhenItIsAvoided(t *testing.T) {
	w := newWorld(t)
	require.Empty(t, w.News())
	zone := w.account.AvailabilityZones()[0]
	w.exhaust(t, cloud.CapacityFault{Zone: zone, InstanceType: "sim.gpu"})
	_, refusals, err := w.launch(t, "gpu", 1, "token")
	require.NoError(t, err)
	require.NotEmpty(t, refusals)
	told := w.News()
	require.Len(t, told, 1)
	is := told[0]
	require.Equal(t, []any{"gpu", "sim.gpu", api.Capacity, false}, []any{is.Pool, is.Type, is.Code, is.Spot})
	require.Equal(t, refusals[0].Where, is.Where)
	require.Contains(t, is.Why, "no such machine free")
	require.Equal(t, 3*time.Minute, is.Until.Sub(is.At))

	w.now = w.now.Add(10 * time.Minute)
	_, _, err = w.launch(t, "gpu", 1, "again")
	require.NoError(t, err)
	told = w.News()
	require.Len(t, told, 1, "only what is new")
	require.Equal(t, w.now, told[0].At)
	require.Empty(t, w.News())
}

func TestACallThatIsRefusedAsAWholeIsTold(t *testing.T) {
	w := newWorld(t)
	_, _, err := w.launch(t, "gpu", 1, "token")
	require.NoError(t, err)
	request, err := w.Plan("gpu", "wks_1", 2, "token", w.both()) // the same token for another call
	require.NoError(t, err)
	_, _, err = w.Launch(t.Context(), request)
	require.Error(t, err)
	told := w.News()
	require.Len(t, told, 1)
	require.Equal(t, []any{"gpu", "", ""}, []any{told[0].Pool, told[0].Type, told[0].Where})
	require.Contains(t, told[0].Why, "in other words")
	require.True(t, told[0].Until.IsZero())
}
