package allocator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func TestEveryMachineCanEndAndNothingLeavesTheEnd(t *testing.T) {
	for _, from := range allocator.MachineStates() {
		require.False(t, allocator.Terminated.CanBecome(from), "terminated → %s", from)
		if from != allocator.Terminated {
			require.True(t, from.CanBecome(allocator.Terminated), "%s → terminated", from)
		}
		require.False(t, from.CanBecome(from), "%s → itself", from)
	}
}

func TestWhatWasReleasedOrIsFinishedStaysSo(t *testing.T) {
	seats := []allocator.SeatState{allocator.SeatQueued, allocator.SeatAssigned, allocator.SeatReleased}
	for _, from := range seats {
		for _, to := range seats {
			want := from != to && from != allocator.SeatReleased
			require.Equal(t, want, from.CanBecome(to), "%s → %s", from, to)
		}
	}
	operations := []allocator.OperationState{allocator.Queued, allocator.Running, allocator.Succeeded, allocator.Failed, allocator.Cancelled}
	for _, from := range operations {
		for _, to := range operations {
			want := !from.Finished() && (to.Finished() || from == allocator.Queued && to == allocator.Running)
			require.Equal(t, want, from.CanBecome(to), "%s → %s", from, to)
		}
	}
}

func TestOnlyAReadyMachineIsAssigned(t *testing.T) {
	require.Equal(t, []allocator.MachineState{allocator.Ready}, allocator.From(allocator.Assigned))
}

func TestAMachineIsReadyOnlyAfterItsAgentWasHeardOf(t *testing.T) {
	require.Equal(t, []allocator.MachineState{allocator.Booting, allocator.Assigned, allocator.Unhealthy, allocator.Rebooting, allocator.Draining}, allocator.From(allocator.Ready))
}

func TestAnEndingMachineIsNotUsedAgain(t *testing.T) {
	for _, to := range allocator.MachineStates() {
		require.Equal(t, to == allocator.Terminated, allocator.Terminating.CanBecome(to), "terminating → %s", to)
	}
}
