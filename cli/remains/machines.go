package remains

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// atOnce is how many instances one call ends, as AWS advises.
const atOnce = 50

// EndMachines ends the machines that the environment's allocator launched, and no
// others. It returns those that have not ended yet; called again it ends what was
// launched since.
func (a *Account) EndMachines(ctx context.Context) (ending []string, err error) {
	machine := a.own()
	machine[tagManagedBy] = "allocator"
	found, err := a.instances(ctx, machine)
	if err != nil {
		return nil, err
	}
	var alive []string
	for _, i := range found {
		ending = append(ending, aws.ToString(i.InstanceId))
		if i.State.Name != types.InstanceStateNameShuttingDown {
			alive = append(alive, aws.ToString(i.InstanceId))
		}
	}
	for ids := range slices.Chunk(alive, atOnce) {
		if _, err := a.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids}); err != nil {
			return nil, fmt.Errorf("end machines: %w", err)
		}
	}
	return ending, nil
}

// instances are those with these tags that have not ended.
func (a *Account) instances(ctx context.Context, tags map[string]string) (out []types.Instance, err error) {
	pages := ec2.NewDescribeInstancesPaginator(a.ec2, &ec2.DescribeInstancesInput{Filters: append(filters(tags), types.Filter{
		Name: aws.String("instance-state-name"), Values: []string{"pending", "running", "shutting-down", "stopping", "stopped"},
	})})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the instances of the environment: %w", err)
		}
		for _, r := range page.Reservations {
			for _, i := range r.Instances {
				if carries(i.Tags, tags) {
					out = append(out, i)
				}
			}
		}
	}
	return out, nil
}

// carries compares tags letter by letter, where a filter knows placeholders.
func carries(have []types.Tag, want map[string]string) bool {
	left := maps.Clone(want)
	for _, t := range have {
		if value, ok := want[aws.ToString(t.Key)]; ok && value == aws.ToString(t.Value) {
			delete(left, aws.ToString(t.Key))
		}
	}
	return len(left) == 0
}
