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

// listing is an EC2 with one instance of each state.
type listing struct{ ec2.EC2 }

func (listing) DescribeInstances(context.Context, *awsec2.DescribeInstancesInput, ...func(*awsec2.Options)) (*awsec2.DescribeInstancesOutput, error) {
	var all []types.Instance
	for _, s := range types.InstanceStateName("").Values() {
		all = append(all, types.Instance{InstanceId: aws.String(string(s)), State: &types.InstanceState{Name: s}})
	}
	return &awsec2.DescribeInstancesOutput{Reservations: []types.Reservation{{Instances: all}}}, nil
}

func TestEachStateOfAnInstanceIsOneOfOurs(t *testing.T) {
	all, err := ec2.New(listing{}, deployed.Settings{}, time.Now).Instances(t.Context())
	require.NoError(t, err)
	got := map[string]allocator.InstanceState{}
	for _, i := range all {
		got[i.ID] = i.State
	}
	require.Equal(t, map[string]allocator.InstanceState{
		"pending": allocator.InstancePending, "running": allocator.InstanceRunning,
		"stopping": allocator.InstanceStopped, "stopped": allocator.InstanceStopped,
		"shutting-down": allocator.InstanceEnding, "terminated": allocator.InstanceGone,
	}, got)
}
