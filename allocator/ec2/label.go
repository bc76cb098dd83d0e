package ec2

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Label tags instances with the machine and the workshop that they are for. What the
// instances of a workshop lack is one call; what an instance is needs one for each. An
// instance that cannot be tagged holds up no other, and what there is no time for is left.
func (c *Compute) Label(ctx context.Context, lack []allocator.Label) (tried int, err error) {
	of := map[string][]string{} // instances, by workshop
	for _, l := range lack {
		if l.Workshop != "" {
			of[l.Workshop] = append(of[l.Workshop], l.Instance)
		}
	}
	var errs []error
	for _, workshop := range slices.Sorted(maps.Keys(of)) {
		errs = append(errs, c.tagAll(ctx, tagWorkshop, workshop, of[workshop]))
	}
	for _, l := range lack {
		if err := ctx.Err(); err != nil {
			errs = append(errs, err)
			break
		}
		tried++
		if l.Machine != "" {
			errs = append(errs, c.tag(ctx, tagMachine, l.Machine, l.Instance))
		}
	}
	return tried, errors.Join(errs...)
}

// tagAll tags instances by one call, and each alone where that is refused: EC2 refuses a
// whole call for one of them. Where it asks to go slower, more calls are no help.
func (c *Compute) tagAll(ctx context.Context, key, value string, instances []string) error {
	err := c.tag(ctx, key, value, instances...)
	if err == nil || len(instances) == 1 || api.CodeOf(err) == api.Unavailable {
		return err
	}
	var errs []error
	for _, i := range instances {
		if err := ctx.Err(); err != nil {
			return errors.Join(append(errs, err)...)
		}
		errs = append(errs, c.tag(ctx, key, value, i))
	}
	return errors.Join(errs...)
}

func (c *Compute) tag(ctx context.Context, key, value string, instances ...string) error {
	_, err := c.client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: instances, Tags: []types.Tag{{Key: aws.String(key), Value: aws.String(value)}}})
	if err != nil {
		return fmt.Errorf("tag instance %s: %w", instances[0], explain(err))
	}
	return nil
}
