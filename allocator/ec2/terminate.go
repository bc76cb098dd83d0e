package ec2

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Terminate ends instances of this deployment. Ids that carry other tags are
// refused, those that are gone already are left out.
func (c *Compute) Terminate(ctx context.Context, ids []string) error {
	known, err := c.Instances(ctx)
	if err != nil {
		return err
	}
	var own []string
	for _, id := range ids {
		i := slices.IndexFunc(known, func(i allocator.Instance) bool { return i.ID == id })
		switch {
		case i < 0:
			if err := c.terminateUnlisted(ctx, id); err != nil {
				return err
			}
		case known[i].State != allocator.InstanceGone:
			own = append(own, id)
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

// terminateUnlisted ends an instance that EC2 does not list yet, unless it turns
// out to have other tags. It is ended alone: EC2 refuses a whole call for one id
// that it does not know.
func (c *Compute) terminateUnlisted(ctx context.Context, id string) error {
	out, err := c.client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}, Filters: c.own()})
	switch {
	case err != nil && !unknown(err):
		return explain(err)
	case err == nil && len(out.Reservations) == 0:
		return nil
	}
	_, err = c.client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})
	if err != nil && !unknown(err) {
		return explain(err)
	}
	return nil
}

func unknown(err error) bool {
	var e smithy.APIError
	return errors.As(err, &e) && e.ErrorCode() == "InvalidInstanceID.NotFound"
}
