package ec2_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awsec2 "github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/ec2"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// inMarket is a world whose pool is paid in another way.
func inMarket(t *testing.T, market string) *world {
	t.Helper()
	w := newWorld(t)
	w.settings.Pools[0].Market = market
	w.Compute = ec2.New(w.client, w.settings, w.clock)
	return w
}

// markets counts what was launched.
func (w *world) markets(t *testing.T, launched []allocator.Instance) (spot, onDemand int) {
	t.Helper()
	for _, l := range launched {
		i, err := w.account.Instance(l.ID)
		require.NoError(t, err)
		require.Equal(t, i.InstanceLifecycle == "spot", l.Spot)
		if i.InstanceLifecycle == "spot" {
			spot++
		} else {
			onDemand++
		}
	}
	return spot, onDemand
}

func TestAPoolsMachinesAreOfItsMarket(t *testing.T) {
	spotIsOut := cloud.CapacityFault{Market: cloud.Spot}
	for _, c := range []struct {
		why, market    string
		faults         cloud.Faults
		spot, onDemand int
	}{
		{"spot", deployed.Spot, cloud.Faults{}, 3, 0},
		{"spot without capacity", deployed.Spot, cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{spotIsOut}}, 0, 0},
		{"spot first, with capacity", deployed.SpotThenOnDemand, cloud.Faults{}, 3, 0},
		{"spot first, without", deployed.SpotThenOnDemand, cloud.Faults{InsufficientCapacity: []cloud.CapacityFault{spotIsOut}}, 0, 3},
		{"spot first, with too little", deployed.SpotThenOnDemand, cloud.Faults{MaxSpotInstances: new(1)}, 1, 2},
		{"on demand", deployed.OnDemand, cloud.Faults{}, 0, 3},
	} {
		t.Run(c.why, func(t *testing.T) {
			w := inMarket(t, c.market)
			require.NoError(t, w.account.SetFaults(c.faults))
			launched, refusals, err := w.launch(t, "gpu", 3, "token")
			require.NoError(t, err)
			spot, onDemand := w.markets(t, launched)
			require.Equal(t, []int{c.spot, c.onDemand}, []int{spot, onDemand}, "%v", refusals)
			for _, r := range refusals {
				require.True(t, r.Spot)
			}
			require.Contains(t, allocator.Refusals(append(refusals, allocator.Refusal{Type: "x", Where: "y", Spot: true})), "spot x in y")
		})
	}
}

// Both calls carry the mark of the attempt, so that what either launched is
// found when an answer was lost.
func TestALaunchInTwoMarketsIsRepeatedAsAWhole(t *testing.T) {
	w := inMarket(t, deployed.SpotThenOnDemand)
	require.NoError(t, w.account.SetFaults(cloud.Faults{MaxSpotInstances: new(1)}))
	request, err := w.Plan("gpu", "wks_1", 3, "op_1-1", w.both())
	require.NoError(t, err)
	first, _, err := w.Launch(t.Context(), request)
	require.NoError(t, err)
	require.NoError(t, w.account.SetFaults(cloud.Faults{}))
	again, _, err := w.Launch(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, first, again)
	all, err := w.Instances(t.Context())
	require.NoError(t, err)
	require.Len(t, all, 3)
	for _, i := range all {
		require.Equal(t, "op_1-1", i.Attempt)
	}
}

// refusingMarket is an EC2 that answers calls for one market with an error.
type refusingMarket struct {
	ec2.EC2
	market types.DefaultTargetCapacityType
	code   string
}

func (r refusingMarket) CreateFleet(ctx context.Context, in *awsec2.CreateFleetInput, opts ...func(*awsec2.Options)) (*awsec2.CreateFleetOutput, error) {
	if in.TargetCapacitySpecification.DefaultTargetCapacityType == r.market {
		return nil, refusal(http.StatusBadRequest, r.code)
	}
	return r.EC2.CreateFleet(ctx, in, opts...)
}

func TestWhatOneMarketGaveIsNotLostToARefusalOfTheOther(t *testing.T) {
	for _, c := range []struct {
		market types.DefaultTargetCapacityType
		code   string
		want   int
		err    string
	}{
		{types.DefaultTargetCapacityTypeOnDemand, "VcpuLimitExceeded", 1, ""},
		{types.DefaultTargetCapacityTypeOnDemand, "InvalidAMIID.NotFound", 1, ""},
		{types.DefaultTargetCapacityTypeOnDemand, "InvalidLaunchTemplateId.VersionNotFound", 1, ""},
		{types.DefaultTargetCapacityTypeOnDemand, "SomethingNew", 1, ""},
		{types.DefaultTargetCapacityTypeSpot, "UnauthorizedOperation", 2, ""},
		{types.DefaultTargetCapacityTypeSpot, "SomethingNew", 2, ""},                      // which may be of spot machines alone
		{types.DefaultTargetCapacityTypeSpot, "InvalidAMIID.NotFound", 0, "set image.id"}, // it is no better on demand
		{types.DefaultTargetCapacityTypeOnDemand, "RequestLimitExceeded", 0, "slower"},    // asked again, word for word
	} {
		w := inMarket(t, deployed.SpotThenOnDemand)
		require.NoError(t, w.account.SetFaults(cloud.Faults{MaxSpotInstances: new(1)}))
		w.Compute = ec2.New(refusingMarket{w.client, c.market, c.code}, w.settings, w.clock)
		launched, refusals, err := w.launch(t, "gpu", 2, "token")
		if c.err != "" {
			require.ErrorContains(t, err, c.err)
			continue
		}
		require.NoError(t, err)
		require.Len(t, launched, c.want)
		require.NotEmpty(t, refusals)
	}
}

func TestNoRoleForSpotIsSaidWithWhatToDo(t *testing.T) {
	w := inMarket(t, deployed.Spot)
	w.Compute = ec2.New(withoutSpotRole{w.client}, w.settings, w.clock)
	_, _, err := w.launch(t, "gpu", 1, "token")
	require.Equal(t, api.Forbidden, api.CodeOf(err))
	require.ErrorContains(t, err, "aws iam create-service-linked-role --aws-service-name spot.amazonaws.com")
}

type withoutSpotRole struct{ ec2.EC2 }

func (withoutSpotRole) CreateFleet(context.Context, *awsec2.CreateFleetInput, ...func(*awsec2.Options)) (*awsec2.CreateFleetOutput, error) {
	return &awsec2.CreateFleetOutput{Errors: []types.CreateFleetError{{
		Lifecycle: types.InstanceLifecycleSpot, ErrorCode: aws.String("AuthFailure.ServiceLinkedRoleCreationNotPermitted"),
		ErrorMessage: aws.String("The provided credentials do not have permission to create the service-linked role for EC2 Spot Instances."),
	}}}, nil
}

func TestAPlaceThatHadNothingIsLeftOutForMinutesInItsMarketOnly(t *testing.T) {
	w := inMarket(t, deployed.Spot)
	zones := w.account.AvailabilityZones()
	w.exhaust(t, cloud.CapacityFault{Zone: zones[0], Market: cloud.Spot})
	_, refusals, err := w.launch(t, "gpu", 1, "first")
	require.NoError(t, err)
	require.NotEmpty(t, refusals)
	_, refusals, err = w.launch(t, "gpu", 1, "second")
	require.NoError(t, err)
	require.Empty(t, refusals, "the zone without capacity is not asked")
	w.now = w.now.Add(3 * time.Minute)
	_, refusals, err = w.launch(t, "gpu", 1, "third")
	require.NoError(t, err)
	require.NotEmpty(t, refusals, "it is asked again")
}

func TestWhenEveryPlaceHadNothingAllAreAsked(t *testing.T) {
	for _, market := range []string{deployed.OnDemand, deployed.Spot, deployed.SpotThenOnDemand} {
		w := inMarket(t, market)
		w.exhaust(t, cloud.CapacityFault{})
		_, _, err := w.launch(t, "gpu", 1, "first")
		require.NoError(t, err)
		w.exhaust(t)
		launched, _, err := w.launch(t, "gpu", 1, "second")
		require.NoError(t, err)
		require.Len(t, launched, 1, market)
	}
}

func TestWithoutSpotCapacityAnywhereTheNextLaunchIsOnDemandAtOnce(t *testing.T) {
	w := inMarket(t, deployed.SpotThenOnDemand)
	w.exhaust(t, cloud.CapacityFault{Market: cloud.Spot})
	_, refusals, err := w.launch(t, "gpu", 1, "first")
	require.NoError(t, err)
	require.Len(t, refusals, 4)
	launched, refusals, err := w.launch(t, "gpu", 1, "second")
	require.NoError(t, err)
	require.Empty(t, refusals)
	_, onDemand := w.markets(t, launched)
	require.Equal(t, 1, onDemand)
}

// A launch that the release before this one wrote down is one call.
func TestALaunchOfAnOlderReleaseIsUnderstood(t *testing.T) {
	w := newWorld(t)
	p := w.settings.Pools[0]
	launched, _, err := w.Launch(t.Context(), `{"Type": "instant", "ClientToken": "op_1-1",
		"LaunchTemplateConfigs": [{"LaunchTemplateSpecification": {"LaunchTemplateId": "`+p.LaunchTemplateID+`", "Version": "$Default"},
			"Overrides": [{"InstanceType": "sim.gpu", "SubnetId": "`+p.SubnetIDs[0]+`", "Priority": 0}]}],
		"OnDemandOptions": {"AllocationStrategy": "prioritized"},
		"TargetCapacitySpecification": {"TotalTargetCapacity": 2, "DefaultTargetCapacityType": "on-demand"}}`)
	require.NoError(t, err)
	require.Len(t, launched, 2)
}

// Of a pool whose machines may cost little, only what costs no more is asked for, and AWS is
// told what it may ask.
func TestOnlyTheTypesThatMayBeLaunchedAreAskedFor(t *testing.T) {
	const small, large = "sim.gpu", "sim.gpu.large" // as spot machines 15 and 30 cents in the first zone
	for name, c := range map[string]struct {
		market         string
		of             allocator.Kinds
		spot, onDemand int
		kind           string
	}{
		"on demand":                      {deployed.OnDemand, allocator.Kinds{OnDemand: []string{large}}, 0, 2, large},
		"spot":                           {deployed.Spot, allocator.Kinds{Spot: []string{large}}, 2, 0, large},
		"none is cheap enough on demand": {deployed.SpotThenOnDemand, allocator.Kinds{Spot: []string{large}}, 2, 0, large},
		"none is on the spot market":     {deployed.SpotThenOnDemand, allocator.Kinds{OnDemand: []string{large}}, 0, 2, large},
		"AWS may ask as much":            {deployed.Spot, allocator.Kinds{Spot: []string{large}, MostSpot: 0.31}, 2, 0, large},
		"AWS asks more than it may":      {deployed.Spot, allocator.Kinds{Spot: []string{large, small}, MostSpot: 0.2}, 2, 0, small},
		"and on demand what is missing":  {deployed.SpotThenOnDemand, allocator.Kinds{Spot: []string{large}, MostSpot: 0.2, OnDemand: []string{small}}, 0, 2, small},
		"less than EC2 takes as a limit": {deployed.Spot, allocator.Kinds{Spot: []string{large}, MostSpot: 0.0011}, 0, 0, ""},
	} {
		w := inMarket(t, c.market)
		request, err := w.Plan("gpu", "wks_1", 2, "token", c.of)
		require.NoError(t, err, name)
		launched, refusals, err := w.Launch(t.Context(), request)
		require.NoError(t, err, name)
		spot, onDemand := w.markets(t, launched)
		require.Equal(t, []int{c.spot, c.onDemand}, []int{spot, onDemand}, "%s: %v", name, refusals)
		for _, i := range launched {
			require.Equal(t, c.kind, i.Type, name)
		}
		if len(launched) == 0 {
			require.Contains(t, allocator.Refusals(refusals), "AWS asks more for a spot machine at the moment than it may cost: its price on demand, or pools[].maxHourlyUsd")
		}
	}
	w := inMarket(t, deployed.Spot)
	_, err := w.Plan("gpu", "wks_1", 2, "token", allocator.Kinds{})
	require.Equal(t, api.Invalid, api.CodeOf(err), "the template's own type is not what was meant")
}
