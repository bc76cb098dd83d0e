package ec2

import (
	"context"
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// written is a launch as it is written down. What a release before this one
// wrote reads as one without Otherwise.
type written struct {
	ec2.CreateFleetInput
	// Otherwise asks on demand for what the first call did not give.
	Otherwise *ec2.CreateFleetInput `json:",omitempty"`
}

// Plan writes down the whole launch, so that it can be repeated word for word:
// EC2 refuses a client token that comes with anything else.
func (c *Compute) Plan(pool, workshop string, count int, token string, of allocator.Kinds) (string, error) {
	i := slices.IndexFunc(c.settings.Pools, func(p deployed.Pool) bool { return p.Name == pool })
	if i < 0 {
		return "", api.Problemf(api.Invalid, "The pool is gone", "The stack's settings have no pool %q any more.", pool)
	}
	p := c.settings.Pools[i]
	spot, spotFresh := c.overrides(p, of.Spot, true)
	onDemand, onDemandFresh := c.overrides(p, of.OnDemand, false)
	bid(spot, of.MostSpot)
	marks := []types.Tag{{Key: aws.String(tagAttempt), Value: aws.String(token)}, {Key: aws.String(tagWorkshop), Value: aws.String(workshop)}}
	var plan written
	switch {
	case len(spot)+len(onDemand) == 0: // EC2 would launch the template's own type
		return "", api.Problemf(api.Invalid, "No type is left", "None of the types of pool %q is to be launched.", pool)
	case p.Market == deployed.Spot || len(onDemand) == 0:
		plan.CreateFleetInput = fleet(p, count, token, true, spot, marks)
	case p.Market == deployed.SpotThenOnDemand && len(spot) > 0 && (spotFresh || !onDemandFresh):
		plan.CreateFleetInput = fleet(p, count, token, true, spot, marks)
		plan.Otherwise = new(fleet(p, count, token+"-on-demand", false, onDemand, marks))
	default:
		plan.CreateFleetInput = fleet(p, count, token, false, onDemand, marks)
	}
	raw, err := json.Marshal(plan)
	if err != nil {
		return "", fmt.Errorf("write down a launch of %s: %w", pool, err)
	}
	return string(raw), nil
}

// overrides are the places to ask for some of a pool's types, without those that had
// nothing lately; those of all zones, and not fresh, when none is left.
func (c *Compute) overrides(p deployed.Pool, kinds []string, spot bool) (out []types.FleetLaunchTemplateOverridesRequest, fresh bool) {
	out = c.places(p, kinds, spot, func(kind, subnet string) bool { return c.refused.fresh(place{kind, subnet, spot}, c.now()) })
	if len(out) == 0 {
		return c.places(p, kinds, spot, func(string, string) bool { return true }), false
	}
	return out, true
}

// places are, for each type and zone, the first subnet that passes: EC2 refuses a call
// that names two of one zone for a type.
func (c *Compute) places(p deployed.Pool, kinds []string, spot bool, passes func(kind, subnet string) bool) (out []types.FleetLaunchTemplateOverridesRequest) {
	for rank, kind := range kinds {
		taken := map[string]bool{}
		for _, subnet := range p.SubnetIDs {
			zone := c.settings.ZoneOf(subnet)
			if taken[zone] || !passes(kind, subnet) {
				continue
			}
			taken[zone] = true
			o := types.FleetLaunchTemplateOverridesRequest{InstanceType: types.InstanceType(kind), SubnetId: aws.String(subnet)}
			if !spot { // for spot EC2 weighs price and capacity itself
				o.Priority = aws.Float64(float64(rank))
			}
			out = append(out, o)
		}
	}
	return out
}

// bid sets what AWS may ask an hour for a spot machine, in US dollars; 0 leaves that to it.
// Of a fraction of a cent nothing is added: EC2 would take more than it may.
func bid(spot []types.FleetLaunchTemplateOverridesRequest, most float64) {
	if most == 0 {
		return
	}
	for i := range spot {
		spot[i].MaxPrice = aws.String(strconv.FormatFloat(math.Floor(10_000*most)/10_000, 'f', 4, 64))
	}
}

// fleet is one call: count machines of one market. Those of one attempt carry
// its marks, whichever call they come from.
func fleet(p deployed.Pool, count int, token string, spot bool, overrides []types.FleetLaunchTemplateOverridesRequest, marks []types.Tag) ec2.CreateFleetInput {
	in := ec2.CreateFleetInput{
		Type: types.FleetTypeInstant, ClientToken: aws.String(token),
		LaunchTemplateConfigs: []types.FleetLaunchTemplateConfigRequest{{
			LaunchTemplateSpecification: &types.FleetLaunchTemplateSpecificationRequest{
				LaunchTemplateId: aws.String(p.LaunchTemplateID), Version: aws.String("$Default"),
			},
			Overrides: overrides,
		}},
		TargetCapacitySpecification: &types.TargetCapacitySpecificationRequest{
			TotalTargetCapacity: aws.Int32(int32(count)), DefaultTargetCapacityType: types.DefaultTargetCapacityTypeOnDemand, //nolint:gosec // at most a pool's machines
		},
		// By it what was launched is found when the answer was lost.
		TagSpecifications: []types.TagSpecification{{ResourceType: types.ResourceTypeInstance, Tags: marks}},
	}
	if !spot {
		// Without it EC2 goes by price, whatever the order is.
		in.OnDemandOptions = &types.OnDemandOptionsRequest{AllocationStrategy: types.FleetOnDemandAllocationStrategyPrioritized}
		return in
	}
	in.TargetCapacitySpecification.DefaultTargetCapacityType = types.DefaultTargetCapacityTypeSpot
	// An instant fleet asks once for each machine: it is not launched again when
	// AWS takes it back.
	in.SpotOptions = &types.SpotOptionsRequest{
		AllocationStrategy:           types.SpotAllocationStrategyPriceCapacityOptimized,
		InstanceInterruptionBehavior: types.SpotInstanceInterruptionBehaviorTerminate,
	}
	return in
}

// Launch makes the calls that Plan wrote down.
func (c *Compute) Launch(ctx context.Context, request string) ([]allocator.Instance, []allocator.Refusal, error) {
	var plan written
	if err := json.Unmarshal([]byte(request), &plan); err != nil {
		return nil, nil, fmt.Errorf("read a launch that was written down: %w", err)
	}
	launched, refusals, err := c.call(ctx, &plan.CreateFleetInput)
	if plan.Otherwise != nil {
		launched, refusals, err = c.fill(ctx, plan, launched, refusals, err)
	}
	if err != nil {
		return nil, nil, err
	}
	if len(launched) == 0 {
		return nil, refusals, hopeless(refusals)
	}
	// The same answer must give the same machines the same instances.
	slices.SortFunc(launched, func(a, b allocator.Instance) int { return strings.Compare(a.ID, b.ID) })
	return launched, refusals, nil
}

// fill asks on demand for what is missing after the call for spot machines. The
// first call answers the same when it is repeated, so that the second asks for
// the same number. What one call got is not lost to a refusal of the other.
func (c *Compute) fill(ctx context.Context, plan written, launched []allocator.Instance, refusals []allocator.Refusal, err error) ([]allocator.Instance, []allocator.Refusal, error) {
	refusal, final := refusalOf(err, true, 0)
	if err != nil && !final {
		return nil, nil, err
	}
	if final {
		refusals = append(refusals, refusal)
	}
	missing := aws.ToInt32(plan.TargetCapacitySpecification.TotalTargetCapacity) - int32(len(launched)) //nolint:gosec // at most a pool's machines
	if missing <= 0 {
		return launched, refusals, nil
	}
	plan.Otherwise.TargetCapacitySpecification.TotalTargetCapacity = aws.Int32(missing)
	more, others, err := c.call(ctx, plan.Otherwise)
	refusal, final = refusalOf(err, false, len(launched))
	if err != nil && !final {
		return nil, nil, err
	}
	if final {
		refusals = append(refusals, refusal)
	}
	return append(launched, more...), append(refusals, others...), nil
}

func (c *Compute) call(ctx context.Context, in *ec2.CreateFleetInput) ([]allocator.Instance, []allocator.Refusal, error) {
	out, err := c.client.CreateFleet(ctx, in)
	if err != nil {
		err = refusedLaunch(err)
		c.refused.rememberWhole(c.poolOf(in), in.SpotOptions != nil, err, c.now())
		return nil, nil, err
	}
	var refusals []allocator.Refusal
	for _, e := range out.Errors {
		refusals = append(refusals, c.refusal(e))
	}
	c.refused.remember(c.poolOf(in), out.Errors, refusals, c.now())
	return read(out), refusals, nil
}

// poolOf is the pool that a call is for; "" where the settings have it no more.
func (c *Compute) poolOf(in *ec2.CreateFleetInput) string {
	for _, p := range c.settings.Pools {
		for _, t := range in.LaunchTemplateConfigs {
			if s := t.LaunchTemplateSpecification; s != nil && aws.ToString(s.LaunchTemplateId) == p.LaunchTemplateID {
				return p.Name
			}
		}
	}
	return ""
}

func read(out *ec2.CreateFleetOutput) (launched []allocator.Instance) {
	for _, group := range out.Instances {
		zone := aws.ToString(group.AvailabilityZone)
		for _, id := range group.InstanceIds {
			launched = append(launched, allocator.Instance{ID: id, Type: string(group.InstanceType), Zone: zone, Spot: group.Lifecycle == types.InstanceLifecycleSpot, State: allocator.InstancePending})
		}
	}
	return launched
}
