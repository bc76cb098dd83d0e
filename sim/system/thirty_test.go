package system

import (
	"maps"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// Two of three zones have no capacity, the one that has some runs out of it for a
// while, EC2 refuses calls as too many of them, and does not know for a while what it has
// just launched: thirty machines are there in the end, without anybody's help, and at the
// end of the workshop there is none.
func TestThirtySeatsAreReadyInARegionThatIsFullAndSlow(t *testing.T) {
	const seats = 30
	l, account := upWith(t, "", "maxMachines: 10", "maxMachines: 40", "zones: [us-west-2a, us-west-2b]", "zones: [us-west-2a, us-west-2b, us-west-2c]")
	full := []cloud.CapacityFault{{Zone: "us-west-2a"}, {Zone: "us-west-2c"}}
	require.NoError(t, account.SetFaults(t.Context(), cloud.Faults{InsufficientCapacity: append(full, cloud.CapacityFault{InstanceType: "sim.gpu"}, cloud.CapacityFault{InstanceType: "sim.gpu.large"}), Throttle: 10}))
	admin := l.admin(t)
	w := l.open(t, admin, seats)
	eventually(t, "it is told that there is no capacity", func() bool {
		var operations api.Page[api.Operation]
		require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/operations?workshop="+w.ID, nil, &operations))
		return len(operations.Items) == 1 && strings.Contains(operations.Items[0].Message, "AWS has no such machine free") && running(t, account) == 0 && operations.Items[0].State == "running"
	})
	refuse := func(calls int) {
		require.NoError(t, account.SetFaults(t.Context(), cloud.Faults{InsufficientCapacity: full, Throttle: 10, Refuse: map[string]int{"CreateFleet": calls, "DescribeInstances": calls}, UnseenSeconds: 10}))
	}
	refuse(1000) // until that is told
	eventually(t, "it is told that AWS asks to go slower", func() bool {
		var operations api.Page[api.Operation]
		require.NoError(t, admin.Do(t.Context(), http.MethodGet, "/api/v1/operations?workshop="+w.ID, nil, &operations))
		return strings.Contains(operations.Items[0].Message, "RequestLimitExceeded")
	})
	refuse(5) // more than the SDK tries again by itself, so that the allocator has to
	l.await(t, admin, w, seats)
	var state control.State
	eventually(t, "so many calls were answered with RequestLimitExceeded", func() bool {
		var err error
		state, err = account.State(t.Context())
		require.NoError(t, err)
		return maps.Equal(state.Faults.Refuse, map[string]int{"CreateFleet": 0, "DescribeInstances": 0})
	})
	for _, i := range state.Instances {
		if i.Tags["lablink:managed-by"] == "allocator" {
			require.Equal(t, "us-west-2b", i.AvailabilityZone)
			require.False(t, i.Gone(), "one was launched too many")
		}
	}
	require.Equal(t, seats, running(t, account))
	eventually(t, "each instance is marked as a machine of the workshop", func() bool {
		state, err := account.State(t.Context())
		require.NoError(t, err)
		marked := map[string]bool{}
		for _, i := range state.Instances {
			if i.Tags["lablink:workshop"] == w.ID && i.Tags["lablink:machine"] != "" {
				marked[i.Tags["lablink:machine"]] = true
			}
		}
		return len(marked) == seats
	})

	eventually(t, "its end is soon, and not past when that is read", func() bool {
		ends := time.Now().Add(2 * time.Second)
		err := admin.Do(t.Context(), http.MethodPatch, "/api/v1/workshops/"+w.ID, api.WorkshopChange{EndsAt: &ends}, nil)
		if api.CodeOf(err) == api.Invalid {
			return false
		}
		require.NoError(t, err)
		return true
	})
	eventually(t, "no instance is left", func() bool { return running(t, account) == 0 })
}
