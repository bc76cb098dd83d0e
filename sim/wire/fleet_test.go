package wire_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func fleetInput(w *world, n int32, token string) *ec2.CreateFleetInput {
	return &ec2.CreateFleetInput{
		Type: types.FleetTypeInstant, ClientToken: aws.String(token),
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{LaunchTemplateId: aws.String(w.lt), Version: aws.String("$Latest")},
			Overrides: []types.FleetLaunchTemplateOverridesRequest{
				{InstanceType: "sim.gpu", SubnetId: aws.String(w.subnet[0])}, {InstanceType: "sim.gpu", SubnetId: aws.String(w.subnet[1])},
			},
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{TotalTargetCapacity: aws.Int32(n), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand},
	}
}

func spotInput(w *world, n int32, token string) *ec2.CreateFleetInput {
	in := fleetInput(w, n, token)
	in.TargetCapacitySpecification.DefaultTargetCapacityType = types.DefaultTargetCapacityTypeSpot
	in.SpotOptions = &types.SpotOptionsRequest{
		AllocationStrategy: types.SpotAllocationStrategyPriceCapacityOptimized, InstanceInterruptionBehavior: types.SpotInstanceInterruptionBehaviorTerminate,
	}
	return in
}

func TestASpotMachineSaysThatItIsOneAndOthersSayNothing(t *testing.T) {
	w := newWorld(t)
	client := ec2.NewFromConfig(w.developer())
	spot, err := client.CreateFleet(t.Context(), spotInput(w, 1, "a"))
	require.NoError(t, err)
	require.Equal(t, types.InstanceLifecycleSpot, spot.Instances[0].Lifecycle)
	plain, err := client.CreateFleet(t.Context(), fleetInput(w, 1, "b"))
	require.NoError(t, err)
	require.Equal(t, types.InstanceLifecycleOnDemand, plain.Instances[0].Lifecycle)
	for id, want := range map[string]types.InstanceLifecycleType{spot.Instances[0].InstanceIds[0]: types.InstanceLifecycleTypeSpot, plain.Instances[0].InstanceIds[0]: ""} {
		out, err := client.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})
		require.NoError(t, err)
		i := out.Reservations[0].Instances[0]
		require.Equal(t, want, i.InstanceLifecycle)
		require.Equal(t, want != "", i.SpotInstanceRequestId != nil)
	}
	require.NoError(t, w.SetFaults(cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{{Market: cloud.Spot}}}))
	none, err := client.CreateFleet(t.Context(), spotInput(w, 1, "c"))
	require.NoError(t, err)
	require.Empty(t, none.Instances)
	require.Equal(t, types.InstanceLifecycleSpot, none.Errors[0].Lifecycle)
}

// The examples of policies in EC2's guide allow it apart from everything else.
func TestASpotMachineNeedsTheRightToASpotRequest(t *testing.T) {
	w := newWorld(t)
	_, c := w.machine(t)
	const most = `{"Effect":"Allow","Action":["ec2:CreateFleet","ec2:RunInstances","ec2:CreateTags","iam:PassRole"],"Resource":"*"}`
	deny := `,{"Effect":"Deny","Action":"ec2:RunInstances","Resource":"arn:aws:ec2:us-west-2:123456789012:spot-instances-request/*"}`
	require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "client", Policy: `{"Version":"2012-10-17","Statement":[` + most + deny + `]}`}))
	client := ec2.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token))
	out, err := client.CreateFleet(t.Context(), spotInput(w, 1, "spot"))
	require.NoError(t, err)
	require.Empty(t, out.Instances)
	require.Equal(t, "UnauthorizedOperation", *out.Errors[0].ErrorCode)
	out, err = client.CreateFleet(t.Context(), fleetInput(w, 1, "on demand"))
	require.NoError(t, err)
	require.Len(t, out.Instances, 1)
}

func TestTagsOfACallReachInstancesAndTheirVolumes(t *testing.T) {
	w := newWorld(t)
	in := fleetInput(w, 1, "t")
	for kind, value := range map[types.ResourceType]string{types.ResourceTypeInstance: "i", types.ResourceTypeVolume: "v"} {
		in.TagSpecifications = append(in.TagSpecifications, types.TagSpecification{ResourceType: kind, Tags: []types.Tag{{Key: aws.String("k"), Value: aws.String(value)}}})
	}
	_, err := ec2.NewFromConfig(w.developer()).CreateFleet(t.Context(), in)
	require.NoError(t, err)
	i := w.Instances()[0]
	require.Equal(t, map[string]string{"k": "i", "lablink:deployment": "d"}, i.Tags)
	require.Equal(t, map[string]string{"k": "v"}, i.RootBlockDevice.Tags)
}

func TestALaunchThatTheCallerMayNotMakeIsAnErrorBesideTheInstances(t *testing.T) {
	w := newWorld(t)
	_, c := w.machine(t)
	const everything = `{"Effect":"Allow","Action":["ec2:CreateFleet","ec2:RunInstances","ec2:CreateTags","iam:PassRole"],"Resource":"*"}`
	forbid := func(action, resource string) string {
		return `,{"Effect":"Deny","Action":"` + action + `","Resource":"` + resource + `"}`
	}
	client := ec2.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token))
	for _, try := range []struct {
		name, deny string
		launched   int
		errors     int
	}{
		{"everything allowed", "", 1, 0},
		{"one subnet", forbid("ec2:RunInstances", "arn:aws:ec2:us-west-2:123456789012:subnet/"+w.subnet[0]), 1, 1},
		{"the role", forbid("iam:PassRole", "arn:aws:iam::123456789012:role/client"), 0, 2},
		{"the tags", forbid("ec2:CreateTags", "*"), 0, 2},
	} {
		t.Run(try.name, func(t *testing.T) {
			require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "client", Policy: `{"Version":"2012-10-17","Statement":[` + everything + try.deny + `]}`}))
			out, err := client.CreateFleet(t.Context(), fleetInput(w, 1, try.name))
			require.NoError(t, err)
			launched := 0
			for _, group := range out.Instances {
				launched += len(group.InstanceIds)
			}
			require.Equal(t, try.launched, launched)
			require.Len(t, out.Errors, try.errors)
			for _, e := range out.Errors {
				require.Equal(t, "UnauthorizedOperation", *e.ErrorCode)
			}
		})
	}
}

// AWS's Service Authorization Reference lists these for CreateFleet, too.
func TestAFleetIsAskedForAllThatItsTemplateAndOverridesName(t *testing.T) {
	w := newWorld(t)
	_, c := w.machine(t)
	subnet, err := w.Subnet(w.subnet[0])
	require.NoError(t, err)
	group := &cloud.SecurityGroup{Name: "clients", VPCID: subnet.VPCID}
	require.NoError(t, w.CreateSecurityGroup(group))
	lt, err := w.LaunchTemplate(w.lt)
	require.NoError(t, err)
	changed := *lt
	changed.VPCSecurityGroupIDs = []string{group.ID}
	require.NoError(t, w.UpdateLaunchTemplate(w.lt, &changed))
	client := ec2.NewFromConfig(w.config(c.AccessKey, c.Secret, c.Token))
	const own = "arn:aws:ec2:us-west-2:123456789012:"
	for what, resource := range map[string]string{
		"subnet": own + "subnet/" + w.subnet[1], "group": own + "security-group/" + group.ID, "image": "arn:aws:ec2:us-west-2::image/*",
		"interface": own + "network-interface/*", "template": own + "launch-template/*", "fleet": own + "fleet/*",
	} {
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["ec2:CreateFleet","ec2:RunInstances","ec2:CreateTags","iam:PassRole"],"Resource":"*"},
			{"Effect":"Deny","Action":"ec2:CreateFleet","Resource":"` + resource + `"}]}`
		require.NoError(t, w.PutRolePolicy(&cloud.RolePolicy{Name: "p", Role: "client", Policy: policy}))
		_, err := client.CreateFleet(t.Context(), fleetInput(w, 1, what))
		require.Equal(t, "UnauthorizedOperation", code(t, err), what)
	}
	require.Len(t, w.Instances(), 1, "the machine that asked")
}
