package remains

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/resourcegroupstaggingapi"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/talmolab/lablink-infrastructure/cli/stack"
)

// The tags that say whose something is, and who made it. The program that deploys
// has the same (infra/naming).
const (
	tagDeployment  = "lablink:deployment"
	tagEnvironment = "lablink:environment"
	tagManagedBy   = "lablink:managed-by"
)

// globalRegion is where IAM answers, which has no Regions.
const globalRegion = "us-east-1"

// Account is stack.Account.
type Account struct {
	of      stack.Environment
	ec2     *ec2.Client
	tagging *resourcegroupstaggingapi.Client
	iam     *iam.Client
	sts     *sts.Client
}

var _ stack.Account = (*Account)(nil)

// Open uses the credentials of whoever calls.
func Open(ctx context.Context, of stack.Environment) (stack.Account, error) {
	c, err := config.LoadDefaultConfig(ctx, config.WithRegion(of.Region))
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	return New(c, of), nil
}

// New uses a configuration.
func New(c aws.Config, of stack.Environment) *Account {
	return &Account{
		of: of, ec2: ec2.NewFromConfig(c), tagging: resourcegroupstaggingapi.NewFromConfig(c),
		iam: iam.NewFromConfig(c, func(o *iam.Options) { o.Region = globalRegion }), sts: sts.NewFromConfig(c),
	}
}

// Number is which AWS account the credentials are of.
func (a *Account) Number(ctx context.Context) (string, error) {
	who, err := a.sts.GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", fmt.Errorf("ask AWS whose credentials these are: %w", err)
	}
	return aws.ToString(who.Account), nil
}

// own are the tags of everything that belongs to the environment.
func (a *Account) own() map[string]string {
	return map[string]string{tagDeployment: a.of.Deployment, tagEnvironment: a.of.Name}
}

// filters are EC2's for what has all of some tags.
func filters(tags map[string]string) (out []types.Filter) {
	for key, value := range tags {
		out = append(out, types.Filter{Name: aws.String("tag:" + key), Values: []string{value}})
	}
	return out
}
