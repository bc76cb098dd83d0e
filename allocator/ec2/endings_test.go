package ec2_test

import (
	"context"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// endedFor lists an instance that has a reason for its state.
type endedFor struct {
	ec2.EC2
	state types.InstanceStateName
	why   *types.StateReason
}

func (e endedFor) DescribeInstances(context.Context, *awsec2.DescribeInstancesInput, ...func(*awsec2.Options)) (*awsec2.DescribeInstancesOutput, error) {
	i := types.Instance{InstanceId: aws.String("i-1"), State: &types.InstanceState{Name: e.state}, StateReason: e.why}
	return &awsec2.DescribeInstancesOutput{Reservations: []types.Reservation{{Instances: []types.Instance{i}}}}, nil
}

func TestItIsSaidWhyAnInstanceHasEnded(t *testing.T) {
	for code, want := range map[string]string{
		"Client.InternalError":                "the key of its encrypted volume",
		"Client.InvalidSnapshot.NotFound":     "the snapshot of its machine image is gone",
		"Client.VolumeLimitExceeded":          "quota for volumes",
		"Client.InstanceInitiatedShutdown":    "it was shut down from inside",
		"Server.InsufficientInstanceCapacity": "no such machine free",
		"Server.InternalError":                "a mistake of its own",
		"Server.SpotInstanceTermination":      "AWS takes this spot machine back",
		"Server.SomethingNew":                 "as AWS says",
	} {
		why := &types.StateReason{Code: aws.String(code), Message: aws.String(code + ": as AWS says")}
		for _, state := range []types.InstanceStateName{types.InstanceStateNameShuttingDown, types.InstanceStateNameTerminated} {
			all, err := ec2.New(endedFor{state: state, why: why}, deployed.Settings{}, time.Now).Instances(t.Context())
			require.NoError(t, err)
			require.Contains(t, all[0].Ended, want, code)
			require.Contains(t, all[0].Ended, code)
		}
		all, err := ec2.New(endedFor{state: types.InstanceStateNameRunning, why: why}, deployed.Settings{}, time.Now).Instances(t.Context())
		require.NoError(t, err)
		require.Empty(t, all[0].Ended, "it was started again")
	}
	for _, why := range []*types.StateReason{nil, {}, {Code: aws.String("Client.UserInitiatedShutdown"), Message: aws.String("x")}} {
		all, err := ec2.New(endedFor{state: types.InstanceStateNameTerminated, why: why}, deployed.Settings{}, time.Now).Instances(t.Context())
		require.NoError(t, err)
		require.Empty(t, all[0].Ended, "the allocator knows what it has ended itself")
	}
}

func TestASpotMachineThatEndedUnheardWasTakenBack(t *testing.T) {
	w := inMarket(t, deployed.Spot)
	launched, _, err := w.launch(t, "gpu", 2, "token")
	require.NoError(t, err)
	require.NoError(t, w.account.TakeBack(launched[0].ID))
	require.NoError(t, w.Terminate(t.Context(), []string{launched[1].ID}))
	all, err := w.Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 2)
	for _, i := range all {
		require.Equal(t, allocator.InstanceGone, i.State)
		if i.ID == launched[1].ID {
			require.Empty(t, i.Ended)
			continue
		}
		require.Equal(t, allocator.LossTaken, allocator.Machine{State: allocator.Assigned}.Lost(allocator.Terminated, i.Ended), i.Ended)
	}
}
