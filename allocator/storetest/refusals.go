package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func refusalsAreKept(t *testing.T, w *world) {
	begin := w.now
	refused := func(spot bool, why string) allocator.Refused {
		return allocator.Refused{
			Refusal: allocator.Refusal{Code: api.Capacity, Type: "g5.xlarge", Where: "us-west-2a", Spot: spot, Why: why},
			Pool:    "gpu", At: w.tick(), Until: w.now.Add(3 * time.Minute),
		}
	}
	first, spot := refused(false, "none is free"), refused(true, "none is free")
	whole := allocator.Refused{Refusal: allocator.Refusal{Code: api.Quota, Why: "the quota is used up"}, At: w.tick()}
	require.NoError(t, w.KeepRefused(t.Context(), []allocator.Refused{first, spot, whole}))
	again := refused(false, "none is free still")
	require.NoError(t, w.KeepRefused(t.Context(), []allocator.Refused{again}))
	require.NoError(t, w.KeepRefused(t.Context(), []allocator.Refused{first}), "what is older is told later")
	told := func(since time.Time) []allocator.Refused {
		all, err := w.Refused(t.Context(), since)
		require.NoError(t, err)
		return all
	}
	require.Equal(t, []allocator.Refused{again, whole, spot}, told(begin))
	require.Equal(t, []allocator.Refused{again}, told(again.At))
	require.NoError(t, w.Forget(t.Context(), allocator.Bygone{Refused: whole.At}, w.now))
	require.Equal(t, []allocator.Refused{again, whole}, told(begin))
}
