package ec2

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// Reboot boots an instance again. One that does not carry this deployment's tags is
// left alone.
func (c *Compute) Reboot(ctx context.Context, id string) error {
	out, err := c.client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}, Filters: c.own()})
	if err != nil {
		return explain(err)
	}
	if len(out.Reservations) == 0 {
		return fmt.Errorf("instance %s does not carry this deployment's tags, and is not rebooted", id)
	}
	if _, err := c.client.RebootInstances(ctx, &ec2.RebootInstancesInput{InstanceIds: []string{id}}); err != nil {
		return explain(err)
	}
	return nil
}
