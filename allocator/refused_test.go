package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// shortages are what EC2 refused to one allocator.
type shortages []allocator.Refused

func (s shortages) News() []allocator.Refused { return s }

func TestWhatWasRefusedToOneAllocatorAnotherTells(t *testing.T) {
	w := newWorld(t)
	w.EC2.Capacity = func(int) int { return 0 }
	news := allocator.Refused{Refusal: allocator.Refusal{Code: api.Capacity, Type: "g5.xlarge", Where: "us-west-2a", Why: "AWS has no such machine free at the moment"}, Pool: "gpu", At: w.Time}
	old := news // of another subnet in that zone
	old.Why, old.At = "the subnet has no free address left", w.Time.Add(-time.Minute)
	w.Shortages = shortages{news, old}
	_, op := w.Open(t, 1)
	require.Error(t, w.Run(t.Context(), op.ID), "it is tried again")
	another := &allocator.Service{Store: w.Store, Now: w.Now}
	told, err := another.RefusedLately(t.Context())
	require.NoError(t, err)
	require.Equal(t, []allocator.Refused{news}, told, "the newest of a place")
	w.Time = w.Time.Add(24*time.Hour + time.Second)
	told, err = another.RefusedLately(t.Context())
	require.NoError(t, err)
	require.Empty(t, told)
}
