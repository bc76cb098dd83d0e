package ec2

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// Plan writes down the whole call, so that it can be repeated word for word: EC2
// refuses a client token that comes with anything else.
func (c *Compute) Plan(pool string, count int, token string) (string, error) {
	i := slices.IndexFunc(c.settings.Pools, func(p deployed.Pool) bool { return p.Name == pool })
	if i < 0 {
		return "", api.Problemf(api.Invalid, "The pool is gone", "The stack's settings have no pool %q any more.", pool)
	}
	p := c.settings.Pools[i]
	var overrides []types.FleetLaunchTemplateOverridesRequest
	for rank, kind := range p.InstanceTypes {
		for _, subnet := range p.SubnetIDs {
			overrides = append(overrides, types.FleetLaunchTemplateOverridesRequest{
				InstanceType: types.InstanceType(kind), SubnetId: aws.String(subnet), Priority: aws.Float64(float64(rank)),
			})
		}
	}
	raw, err := json.Marshal(&ec2.CreateFleetInput{
		Type: types.FleetTypeInstant, ClientToken: aws.String(token),
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{
				LaunchTemplateId: aws.String(p.LaunchTemplateID), Version: aws.String("$Default"),
			},
			Overrides: overrides,
		}},
		// Without it EC2 goes by price, whatever the order is.
		OnDemandOptions: &types.OnDemandOptionsRequest{AllocationStrategy: types.FleetOnDemandAllocationStrategyPrioritized},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
			TotalTargetCapacity: aws.Int32(int32(count)), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand,
		},
		// By it what was launched is found when the answer was lost.
		TagSpecifications: []types.TagSpecification{{
			ResourceType: types.ResourceTypeInstance, Tags: []types.Tag{{Key: aws.String(tagAttempt), Value: aws.String(token)}},
		}},
	})
	if err != nil {
		return "", fmt.Errorf("write down a launch of %s: %w", pool, err)
	}
	return string(raw), nil
}

// Launch makes the call that Plan wrote down.
func (c *Compute) Launch(ctx context.Context, request string) ([]allocator.Instance, []allocator.Refusal, error) {
	var in ec2.CreateFleetInput
	if err := json.Unmarshal([]byte(request), &in); err != nil {
		return nil, nil, fmt.Errorf("read a launch that was written down: %w", err)
	}
	out, err := c.client.CreateFleet(ctx, &in)
	if err != nil {
		return nil, nil, explain(err)
	}
	launched, refusals := read(out)
	if len(launched) == 0 {
		return nil, refusals, hopeless(refusals)
	}
	return launched, refusals, nil
}

func read(out *ec2.CreateFleetOutput) (launched []allocator.Instance, refusals []allocator.Refusal) {
	for _, group := range out.Instances {
		zone := aws.ToString(group.AvailabilityZone)
		for _, id := range group.InstanceIds {
			launched = append(launched, allocator.Instance{ID: id, Type: string(group.InstanceType), Zone: zone, State: allocator.InstancePending})
		}
	}
	for _, e := range out.Errors {
		refusals = append(refusals, refusal(e))
	}
	// The same answer must give the same machines the same instances.
	slices.SortFunc(launched, func(a, b allocator.Instance) int { return strings.Compare(a.ID, b.ID) })
	return launched, refusals
}
