package allocator_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestInstancesThatLackAMarkAreMarkedWhenTheyAreLookedAt(t *testing.T) {
	w := newWorld(t)
	w.Pools[0].MaxMachines = 30
	ws, _ := w.Open(t, 25)
	w.RunAll(t)
	unmarked := func() (left int) {
		of := map[string]allocator.Machine{}
		for _, m := range w.Machines(t, ws) {
			of[m.InstanceID] = m
		}
		for _, i := range w.EC2.All {
			if i.Machine == "" {
				left++
				continue
			}
			require.Equal(t, []string{of[i.ID].ID, ws.ID}, []string{i.Machine, i.Workshop})
		}
		return left
	}
	w.EC2.LabelError = api.Problemf(api.Unavailable, "AWS refuses", "RequestLimitExceeded.")
	require.NoError(t, w.Observe(t.Context()), "a mark that is missing harms nobody")
	w.Stop(t)
	w.Start(t)
	require.Equal(t, 25, unmarked())
	w.EC2.LabelError = nil
	for _, left := range []int{5, 0, 0} {
		require.NoError(t, w.Observe(t.Context()))
		require.Equal(t, left, unmarked())
	}
	require.Equal(t, []int{20, 20, 5}, w.EC2.Labelled, "what has its marks is left alone")
}

func TestInstancesThatCannotBeMarkedKeepNoOtherFromItsTurn(t *testing.T) {
	w := newWorld(t)
	w.Pools[0].MaxMachines = 60
	w.Open(t, 45)
	w.RunAll(t)
	left := func() (out []string) {
		for _, i := range w.EC2.All {
			if i.Machine == "" {
				out = append(out, i.ID)
			}
		}
		slices.Sort(out)
		return out
	}
	w.EC2.Unmarkable = left()[:25]
	for range 3 {
		require.NoError(t, w.Observe(t.Context()))
	}
	require.Equal(t, w.EC2.Unmarkable, left())
	w.EC2.Unmarkable = nil
	for range 2 {
		require.NoError(t, w.Observe(t.Context()))
	}
	require.Empty(t, left(), "it is tried again")
}
