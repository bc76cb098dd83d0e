package ec2

import (
	"context"
	"errors"
	"slices"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/smithy-go"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Terminate ends instances of this deployment. Ids that carry other tags are
// refused, those that are gone already are left out.
func (c *Compute) Terminate(ctx context.Context, ids []string) error {
	known, err := c.Instances(ctx)
	if err != nil {
		return err
	}
	kept := &allocator.Unended{Why: map[string]string{}}
	var own []string
	for _, id := range ids {
		i := slices.IndexFunc(known, func(i allocator.Instance) bool { return i.ID == id })
		switch {
		case i < 0:
			if err := c.terminateUnlisted(ctx, id, kept); err != nil {
				return err
			}
		case known[i].State != allocator.InstanceGone:
			own = append(own, id)
		}
	}
	if err := c.terminateAll(ctx, own, kept); err != nil {
		return err
	}
	if len(kept.Why) > 0 {
		return kept
	}
	return nil
}

// terminateUnlisted ends an instance that EC2 does not list yet, unless it turns
// out to have other tags. It is ended alone: EC2 refuses a whole call for one id
// that it does not know.
func (c *Compute) terminateUnlisted(ctx context.Context, id string, kept *allocator.Unended) error {
	out, err := c.client.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}, Filters: c.own()})
	switch {
	case err != nil && !unknown(err):
		return explain(err)
	case err == nil && len(out.Reservations) == 0:
		return nil
	}
	return c.terminateAll(ctx, []string{id}, kept)
}

// terminateAll ends instances by one call, and each alone where that is refused: EC2
// refuses a whole call for one of them. What it refuses alone is kept. Where the role
// may end none, or EC2 asks to go slower, more calls are no help.
func (c *Compute) terminateAll(ctx context.Context, ids []string, kept *allocator.Unended) error {
	if len(ids) == 0 {
		return nil
	}
	_, err := c.client.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: ids})
	if err == nil {
		return nil
	}
	switch worded := explain(err); {
	case !final(err) || api.CodeOf(worded) == api.Forbidden:
		return worded
	case len(ids) > 1:
		for _, id := range ids {
			if err := c.terminateAll(ctx, []string{id}, kept); err != nil {
				return err
			}
		}
	case !unknown(err):
		kept.Why[ids[0]] = c.protected(ids[0], err)
	}
	return nil
}

// protected says why EC2 does not end an instance, and what helps.
func (c *Compute) protected(id string, err error) string {
	var e smithy.APIError
	errors.As(err, &e)
	if e.ErrorCode() == "OperationNotPermitted" {
		return "instance " + id + " is protected from that; take the protection off: aws ec2 modify-instance-attribute --region " + c.settings.Region + " --no-disable-api-termination --instance-id " + id
	}
	return "instance " + id + ": " + e.ErrorMessage() + " (" + e.ErrorCode() + ")"
}

func unknown(err error) bool {
	var e smithy.APIError
	return errors.As(err, &e) && e.ErrorCode() == "InvalidInstanceID.NotFound"
}
