package images

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/ssm"

	"github.com/talmolab/lablink-infrastructure/cli"
)

// Catalog is cli.Images.
type Catalog struct {
	ec2 *ec2.Client
	ssm *ssm.Client
}

var _ cli.Images = (*Catalog)(nil)

// Open uses the credentials of whoever calls.
func Open(ctx context.Context, region string) (cli.Images, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return New(c), nil
}

// New uses a configuration.
func New(c aws.Config) *Catalog { return &Catalog{ec2.NewFromConfig(c), ssm.NewFromConfig(c)} }

// Parameter is the id that an SSM parameter holds.
func (c *Catalog) Parameter(ctx context.Context, name string) (string, error) {
	out, err := c.ssm.GetParameter(ctx, &ssm.GetParameterInput{Name: &name})
	if err != nil {
		return "", fmt.Errorf("read the parameter %s: %w", name, err)
	}
	return aws.ToString(out.Parameter.Value), nil
}

// Newest is the newest image of this account that a pipeline has built and
// tested, or "".
func (c *Catalog) Newest(ctx context.Context, pipeline string) (string, error) {
	out, err := c.ec2.DescribeImages(ctx, &ec2.DescribeImagesInput{
		Owners: []string{"self"}, // anybody can publish an image with any tag
		Filters: []types.Filter{
			{Name: aws.String("tag:lablink:pipeline"), Values: []string{pipeline}}, {Name: aws.String("state"), Values: []string{"available"}},
		},
	})
	if err != nil {
		return "", fmt.Errorf("list the images of pipeline %s: %w", pipeline, err)
	}
	if len(out.Images) == 0 {
		return "", nil
	}
	newest := slices.MaxFunc(out.Images, func(x, y types.Image) int {
		return strings.Compare(aws.ToString(x.CreationDate), aws.ToString(y.CreationDate))
	})
	return aws.ToString(newest.ImageId), nil
}

// Architecture is an instance type's: "x86_64" or "arm64".
func (c *Catalog) Architecture(ctx context.Context, instanceType string) (string, error) {
	out, err := c.ec2.DescribeInstanceTypes(ctx, &ec2.DescribeInstanceTypesInput{InstanceTypes: []types.InstanceType{types.InstanceType(instanceType)}})
	if err != nil {
		return "", fmt.Errorf("look up instance type %s: %w", instanceType, err)
	}
	for _, t := range out.InstanceTypes {
		for _, a := range t.ProcessorInfo.SupportedArchitectures {
			if a == types.ArchitectureTypeX8664 || a == types.ArchitectureTypeArm64 {
				return string(a), nil
			}
		}
	}
	return "", fmt.Errorf("instance type %s is neither x86_64 nor arm64", instanceType)
}
