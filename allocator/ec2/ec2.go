package ec2

import (
	"context"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// The tags by which this deployment knows its machines.
const (
	tagDeployment  = "lablink:deployment"
	tagEnvironment = "lablink:environment"
	tagManagedBy   = "lablink:managed-by"
	tagMachine     = "lablink:machine"
	tagWorkshop    = "lablink:workshop"
	tagAttempt     = "lablink:attempt"
)

// EC2 is the part of the SDK's client that is used.
type EC2 interface {
	CreateFleet(context.Context, *ec2.CreateFleetInput, ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error)
	CreateTags(context.Context, *ec2.CreateTagsInput, ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
	RebootInstances(context.Context, *ec2.RebootInstancesInput, ...func(*ec2.Options)) (*ec2.RebootInstancesOutput, error)
	TerminateInstances(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
	ec2.DescribeInstancesAPIClient
}

// Compute launches machines of one deployment.
type Compute struct {
	client   EC2
	settings deployed.Settings
	now      func() time.Time
	refused  refused
}

var (
	_ allocator.Compute   = (*Compute)(nil)
	_ allocator.Shortages = (*Compute)(nil)
)

// New makes a Compute for the deployment that settings describe. By now it
// forgets where capacity was refused.
func New(client EC2, settings deployed.Settings, now func() time.Time) *Compute {
	return &Compute{client: client, settings: settings, now: now, refused: refused{until: map[place]time.Time{}}}
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
	out := allocator.Instance{ID: aws.ToString(i.InstanceId), Type: string(i.InstanceType), State: allocator.InstanceRunning, LaunchedAt: aws.ToTime(i.LaunchTime)}
	for _, t := range i.Tags {
		switch aws.ToString(t.Key) {
		case tagAttempt:
			out.Attempt = aws.ToString(t.Value)
		case tagMachine:
			out.Machine = aws.ToString(t.Value)
		case tagWorkshop:
			out.Workshop = aws.ToString(t.Value)
		}
	}
	if i.Placement != nil {
		out.Zone = aws.ToString(i.Placement.AvailabilityZone)
	}
	switch i.State.Name {
	case types.InstanceStateNamePending:
		out.State = allocator.InstancePending
	case types.InstanceStateNameStopping, types.InstanceStateNameStopped:
		out.State = allocator.InstanceStopped
	case types.InstanceStateNameShuttingDown:
		out.State, out.Ended = allocator.InstanceEnding, ending(i.StateReason)
	case types.InstanceStateNameTerminated:
		out.State, out.Ended = allocator.InstanceGone, ending(i.StateReason)
	case types.InstanceStateNameRunning: // as above
	}
	return out
}
