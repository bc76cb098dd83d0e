package wire_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestSoManyCallsOfAnActionAreRefused(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(w.developer())
	look := func() error {
		_, err := client.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{MaxResults: aws.Int32(100)})
		return err
	}
	require.NoError(t, w.SetFaults(cloud.Faults{Refuse: map[string]int{"DescribeInstances": 2, "CreateFleet": 1}}))
	for range 2 {
		var refused smithy.APIError
		require.ErrorAs(t, look(), &refused)
		require.Equal(t, "RequestLimitExceeded", refused.ErrorCode())
	}
	require.NoError(t, look())
	require.Equal(t, map[string]int{"DescribeInstances": 0, "CreateFleet": 1}, w.Faults().Refuse, "what is left")
	require.ErrorContains(t, w.SetFaults(cloud.Faults{Refuse: map[string]int{"CreateFleet": -1}}), "so many calls")
	require.ErrorContains(t, w.SetFaults(cloud.Faults{UnseenSeconds: -1}), "so many seconds")
}

// EC2 forgets for some seconds what it has just launched.
func TestWhatWasJustLaunchedIsNotSeenYet(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(w.developer())
	require.NoError(t, w.SetFaults(cloud.Faults{UnseenSeconds: 3600}))
	fleet := w.fleet(t, client, "token")
	require.Equal(t, fleet, w.fleet(t, client, "token"), "who asks with the same token is told of the same")
	named := func() (errs []error) {
		_, err := client.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{fleet}})
		errs = append(errs, err)
		_, err = client.CreateTags(t.Context(), &ec2.CreateTagsInput{Resources: []string{fleet}, Tags: []types.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})
		errs = append(errs, err)
		_, err = client.RebootInstances(t.Context(), &ec2.RebootInstancesInput{InstanceIds: []string{fleet}})
		errs = append(errs, err)
		_, err = client.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{fleet}})
		return append(errs, err)
	}
	listed := func() int {
		all, err := client.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{Filters: []types.Filter{{Name: aws.String("tag:lablink:deployment"), Values: []string{"d"}}}})
		require.NoError(t, err)
		return len(all.Reservations)
	}
	for _, err := range named() {
		var refused smithy.APIError
		require.ErrorAs(t, err, &refused)
		require.Equal(t, "InvalidInstanceID.NotFound", refused.ErrorCode())
	}
	require.Zero(t, listed(), "a listing leaves it out")

	require.NoError(t, w.SetFaults(cloud.Faults{}))
	require.Equal(t, 1, listed())
	for _, err := range named() {
		require.NoError(t, err)
	}
}

// fleet launches one instance.
func (w *world) fleet(t *testing.T, client *ec2.Client, token string) string {
	t.Helper()
	out, err := client.CreateFleet(t.Context(), &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant, ClientToken: aws.String(token),
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateId: aws.String(w.lt), Version: aws.String("1")},
			Overrides:                   []types.FleetLaunchTemplateOverridesRequest{{SubnetId: aws.String(w.subnet[0])}},
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(1), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand},
		OnDemandOptions:             &types.OnDemandOptionsRequest{AllocationStrategy: types.FleetOnDemandAllocationStrategyLowestPrice},
	})
	require.NoError(t, err)
	require.Len(t, out.Instances, 1)
	return out.Instances[0].InstanceIds[0]
}
