package ec2

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
)

// client holds the calls that are used. A program that looks up methods by name,
// as templates do, keeps all methods of what is an interface anywhere: of the
// SDK's client those are twenty megabytes.
type client struct {
	createFleet        func(context.Context, *ec2.CreateFleetInput, ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error)
	createTags         func(context.Context, *ec2.CreateTagsInput, ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error)
	describeInstances  func(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
	rebootInstances    func(context.Context, *ec2.RebootInstancesInput, ...func(*ec2.Options)) (*ec2.RebootInstancesOutput, error)
	terminateInstances func(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
}

// Client calls EC2 in the Region and as whom c says.
func Client(c aws.Config) EC2 {
	all := ec2.NewFromConfig(c)
	return client{all.CreateFleet, all.CreateTags, all.DescribeInstances, all.RebootInstances, all.TerminateInstances}
}

// CreateFleet is EC2's.
func (c client) CreateFleet(ctx context.Context, in *ec2.CreateFleetInput, opts ...func(*ec2.Options)) (*ec2.CreateFleetOutput, error) {
	return c.createFleet(ctx, in, opts...)
}

// CreateTags is EC2's.
func (c client) CreateTags(ctx context.Context, in *ec2.CreateTagsInput, opts ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error) {
	return c.createTags(ctx, in, opts...)
}

// DescribeInstances is EC2's.
func (c client) DescribeInstances(ctx context.Context, in *ec2.DescribeInstancesInput, opts ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error) {
	return c.describeInstances(ctx, in, opts...)
}

// RebootInstances is EC2's.
func (c client) RebootInstances(ctx context.Context, in *ec2.RebootInstancesInput, opts ...func(*ec2.Options)) (*ec2.RebootInstancesOutput, error) {
	return c.rebootInstances(ctx, in, opts...)
}

// TerminateInstances is EC2's.
func (c client) TerminateInstances(ctx context.Context, in *ec2.TerminateInstancesInput, opts ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error) {
	return c.terminateInstances(ctx, in, opts...)
}
