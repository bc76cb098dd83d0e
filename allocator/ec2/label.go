package ec2

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Label tags instances with the machine and the workshop that they are for. What the
// instances of a workshop lack is one call; what an instance is needs one for each.
func (c *Compute) Label(ctx context.Context, lack []allocator.Label) error {
	of := map[string][]string{} // instances, by workshop
	for _, l := range lack {
		if l.Workshop != "" {
			of[l.Workshop] = append(of[l.Workshop], l.Instance)
		}
	}
	for _, workshop := range slices.Sorted(maps.Keys(of)) {
		if err := c.tag(ctx, tagWorkshop, workshop, of[workshop]...); err != nil {
			return err
		}
	}
	for _, l := range lack {
		if l.Machine == "" {
			continue
		}
		if err := c.tag(ctx, tagMachine, l.Machine, l.Instance); err != nil {
			return err
		}
	}
	return nil
}

func (c *Compute) tag(ctx context.Context, key, value string, instances ...string) error {
	_, err := c.client.CreateTags(ctx, &ec2.CreateTagsInput{Resources: instances, Tags: []types.Tag{{Key: aws.String(key), Value: aws.String(value)}}})
	if err != nil {
		return fmt.Errorf("tag instance %s: %w", instances[0], explain(err))
	}
	return nil
}
