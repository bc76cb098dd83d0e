package ec2

import (
	"context"
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

// The tags by which this deployment knows its machines.
const (
	tagDeployment  = "lablink:deployment"
	tagEnvironment = "lablink:environment"
	tagManagedBy   = "lablink:managed-by"
	tagMachine     = "lablink:machine"
	tagWorkshop    = "lablink:workshop"
)

// EC2 is the part of the SDK's client that is used.
type EC2 interface {
	CreateFleet(context.Context, *ec2.CreateFleetInput, ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error)
	CreateTags(context.Context, *ec2.CreateTagsInput, ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
	TerminateInstances(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
	ec2.DescribeInstancesAPIClient
}

// Compute launches machines of one deployment.
type Compute struct {
	client   EC2
	settings deployed.Settings
}

var _ allocator.Compute = (*Compute)(nil)

// New makes a Compute for the deployment that settings describe.
func New(client EC2, settings deployed.Settings) *Compute {
	return &Compute{client: client, settings: settings}
}

// Launch asks for count instances wherever the pool may have them.
func (c *Compute) Launch(ctx context.Context, pool string, count int, token string) ([]allocator.Instance, []allocator.Refusal, error) {
	i := slices.IndexFunc(c.settings.Pools, func(p deployed.Pool) bool { return p.Name == pool })
	if i < 0 {
		return nil, nil, api.Problemf(api.Invalid, "The pool is gone", "The stack's settings have no pool %q any more.", pool)
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
	out, err := c.client.CreateFleet(ctx, &ec2.CreateFleetInput{
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
	})
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

// Label tags an instance with the machine and workshop that it is for.
func (c *Compute) Label(ctx context.Context, instance, machine, workshop string) error {
	_, err := c.client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{instance}, Tags: []types.Tag{
		{Key: aws.String(tagMachine), Value: aws.String(machine)}, {Key: aws.String(tagWorkshop), Value: aws.String(workshop)},
	}})
	if err != nil {
		return fmt.Errorf("tag instance %s: %w", instance, explain(err))
	}
	return nil
}

// Instances lists the machines of this deployment, by tags.
func (c *Compute) Instances(ctx context.Context) ([]allocator.Instance, error) {
	var out []allocator.Instance
	pages := ec2.NewDescribeInstancesPaginator(c.client, &ec2.DescribeInstancesInput{
		MaxResults: aws.Int32(1000), Filters: c.own(),
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, explain(err)
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				out = append(out, instance(i))
			}
		}
	}
	return out, nil
}

func (c *Compute) own() []types.Filter {
	var filters []types.Filter
	for _, tag := range [][2]string{{tagDeployment, c.settings.Deployment}, {tagEnvironment, c.settings.Environment}, {tagManagedBy, "allocator"}} {
		filters = append(filters, types.Filter{Name: aws.String("tag:" + tag[0]), Values: []string{tag[1]}})
	}
	return filters
}

func instance(i types.Instance) allocator.Instance {
	out := allocator.Instance{ID: aws.ToString(i.InstanceId), Type: string(i.InstanceType), State: allocator.InstanceRunning}
	if i.Placement != nil {
		out.Zone = aws.ToString(i.Placement.AvailabilityZone)
	}
	switch i.State.Name {
	case types.InstanceStateNamePending:
		out.State = allocator.InstancePending
	case types.InstanceStateNameShuttingDown:
		out.State = allocator.InstanceEnding
	case types.InstanceStateNameTerminated:
		out.State = allocator.InstanceGone
	}
	return out
}

// Terminate ends instances of this deployment. Ids that carry other tags are
// refused, those that are gone already are left out.
func (c *Compute) Terminate(ctx context.Context, ids []string) error {
	known, err := c.Instances(ctx)
	if err != nil {
		return err
	}
	var own []string
	for _, i := range known {
		if slices.Contains(ids, i.ID) && i.State != allocator.InstanceGone {
			own = append(own, i.ID)
		}
	}
	if len(own) == 0 {
		return nil
	}
	if _, err := c.client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: own}); err != nil {
		return explain(err)
	}
	return nil
}
