package allocator

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestWhoWaitsIsToldHowFarTheNextMachineIs(t *testing.T) {
	image := api.SetupStatus{State: api.SetupRunning, Step: "image", Line: "45 % of 1.2 GB"}
	machines := []Machine{
		{State: Launching}, {State: Assigned}, {State: Ready}, {State: Booting}, {State: Terminated},
		{State: Booting, Setup: image}, {State: Booting, Setup: api.SetupStatus{State: api.SetupRunning, Step: "startup", Line: "99 % of it"}},
	}
	starting, ready := coming(machines)
	percent := 45
	now := time.Unix(1000, 0)
	o := outlook{begin: now.Add(time.Minute), starting: starting, ready: ready}
	for position, want := range map[int]*api.Coming{
		0: nil,
		1: nil, // the one that is ready
		2: {Stage: api.ComingSetup, Step: "startup"},
		3: {Stage: api.ComingSetup, Step: "image", Percent: &percent},
		4: {Stage: api.ComingBooting},
		5: {Stage: api.ComingRequested},
		6: nil,
	} {
		require.Equal(t, want, o.waiting(now, position).Coming, position)
	}
	require.Equal(t, o.begin, o.waiting(now, 1).BeginsAt)
	require.Zero(t, o.waiting(now.Add(time.Hour), 1).BeginsAt)
	require.False(t, o.waiting(now, 6).Full)
	o.full = full(Workshop{Seats: 1}, []Seat{{State: SeatQueued}, {State: SeatAssigned}})
	require.True(t, o.waiting(now, 6).Full)
	require.False(t, full(Workshop{Seats: 2}, []Seat{{State: SeatQueued}, {State: SeatAssigned}}))
	for line, want := range map[string]bool{"101 % of it": false, "-3 % of it": false, "x": false, "0 % of 3 MB": true} {
		image.Line = line
		require.Equal(t, want, preparing(image).Percent != nil, line)
	}
}
