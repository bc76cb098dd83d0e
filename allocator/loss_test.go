package allocator_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestWhyAMachineIsLostIsToldInKinds(t *testing.T) {
	for want, c := range map[allocator.Loss]struct {
		m      allocator.Machine
		to     allocator.MachineState
		reason string
	}{
		allocator.LossFailed:  {allocator.Machine{Health: api.Unhealthy}, allocator.Draining, "GPU 0 (NVIDIA A10G): XID 79"},
		allocator.LossTaken:   {allocator.Machine{}, allocator.Draining, "AWS takes this spot machine back in 2 minutes"},
		allocator.LossRestart: {allocator.Machine{Health: api.Unhealthy}, allocator.Rebooting, "a reboot may help"},
		allocator.LossMoved:   {allocator.Machine{Leaving: "it is replaced by admin"}, allocator.Draining, "it is replaced by admin"},
		allocator.LossEnded:   {allocator.Machine{}, allocator.Terminating, "it was ended by admin"},
	} {
		require.Equal(t, want, c.m.Lost(c.to, c.reason))
	}
	require.Equal(t, allocator.LossFailed, allocator.Machine{}.Lost(allocator.Unhealthy, "its agent was not heard of"))
	require.Equal(t, allocator.LossMoved, allocator.Machine{}.Lost(allocator.Ready, "you were moved by admin"))
	require.Empty(t, allocator.Seat{}.LostBy())
	require.Equal(t, allocator.LossEnded, allocator.Seat{Note: "of an earlier release"}.LostBy())
	require.Equal(t, allocator.LossEnded, allocator.Seat{Note: "of a later release", Lost: "borrowed"}.LostBy(), "there are no words for it")
	for _, l := range []allocator.Loss{allocator.LossFailed, allocator.LossTaken, allocator.LossRestart, allocator.LossEnded, allocator.LossMoved} {
		require.Equal(t, l, allocator.Seat{Note: "of this one", Lost: l}.LostBy())
	}
}
