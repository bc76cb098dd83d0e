package ec2_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// A refusal that nobody has heard of yet does not keep a launch from ending: the workshop
// tells of it, and another launch follows under the settings of then.
func TestALaunchThatIsRefusedForAnUnknownReasonIsGivenUp(t *testing.T) {
	in, w := allocatortest.New(t), newWorld(t)
	in.Compute = ec2.New(refusing{w.client, refusal(400, "SomethingNew")}, w.settings, in.Now)
	ws, op := in.Open(t, 2)
	require.Empty(t, in.RunAll(t))
	done, err := in.Store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Failed, done.State)
	ws, err = in.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Contains(t, ws.Trouble, "as AWS says (SomethingNew)")
	for _, m := range in.Machines(t, ws) {
		require.Equal(t, allocator.Terminated, m.State, "it takes no room of the pool")
	}

	in.Compute, in.Time = ec2.New(w.client, w.settings, in.Now), ws.LaunchAfter
	require.NoError(t, in.Reconcile(t.Context()))
	in.RunAll(t)
	ws, err = in.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Empty(t, ws.Trouble)
	alive, err := w.Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, alive, 2)
}

// What spot machines there were are some machine's, also where the rest is refused for a
// reason that nobody has heard of yet.
func TestSpotMachinesAreKeptWhereTheRestIsRefusedForAnUnknownReason(t *testing.T) {
	in, w := allocatortest.New(t), inMarket(t, deployed.SpotThenOnDemand)
	in.Pools[0].Market, in.Pools[0].InstanceTypes = deployed.SpotThenOnDemand, w.settings.Pools[0].InstanceTypes
	require.NoError(t, w.account.SetFaults(cloud.Faults{MaxSpotInstances: new(1)}))
	in.Compute = ec2.New(refusingMarket{w.client, types.DefaultTargetCapacityTypeOnDemand, "SomethingNew"}, w.settings, in.Now)
	ws, op := in.Open(t, 2)
	var later *allocator.Later
	require.ErrorAs(t, in.Run(t.Context(), op.ID), &later)
	require.Contains(t, later.Why, "as AWS says (SomethingNew)")
	var held []string
	for _, m := range in.Machines(t, ws) {
		if m.InstanceID != "" {
			held = append(held, m.InstanceID)
		}
	}
	require.Len(t, held, 1)

	_, err := in.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	in.RunAll(t)
	all, err := w.Instances(t.Context())
	require.NoError(t, err)
	for _, i := range all {
		require.Equal(t, allocator.InstanceGone, i.State)
	}
	for _, m := range in.Machines(t, ws) {
		require.Equal(t, allocator.Terminated, m.State)
	}
}
