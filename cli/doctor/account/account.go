package account

import (
	"context"
	"fmt"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/kms"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/servicequotas"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

// home is the Region that every account uses, where services live that are the same
// in all of them.
const home = "us-east-1"

// Account is doctor.Account.
type Account struct {
	config  aws.Config
	sts     *sts.Client
	ec2     *ec2.Client
	ssm     *ssm.Client
	quotas  *servicequotas.Client
	route53 *route53.Client
	s3      *s3.Client
	kms     *kms.Client
	iam     *iam.Client
}

var _ doctor.Account = (*Account)(nil)

// Open uses the credentials of whoever calls. Without a Region it is the one of the
// AWS configuration, or else one that every account uses.
func Open(ctx context.Context, region string) (doctor.Account, error) {
	var options []func(*config.LoadOptions) error
	if region != "" {
		options = append(options, config.WithRegion(region))
	}
	c, err := config.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, fmt.Errorf("load the AWS configuration: %w", err)
	}
	if c.Region == "" {
		c.Region = home
	}
	return New(c), nil
}

// New uses a configuration. At another endpoint than AWS's own, buckets are part of
// the path.
func New(c aws.Config) *Account {
	elsewhere := c.BaseEndpoint != nil || os.Getenv("AWS_ENDPOINT_URL") != ""
	return &Account{
		config: c, sts: sts.NewFromConfig(c), ec2: ec2.NewFromConfig(c), ssm: ssm.NewFromConfig(c),
		quotas: servicequotas.NewFromConfig(c), kms: kms.NewFromConfig(c),
		route53: route53.NewFromConfig(c, func(o *route53.Options) { o.Region = home }),
		iam:     iam.NewFromConfig(c, func(o *iam.Options) { o.Region = home }),
		s3: s3.NewFromConfig(c, func(o *s3.Options) {
			o.UsePathStyle, o.DisableLogOutputChecksumValidationSkipped = elsewhere, true
		}),
	}
}
