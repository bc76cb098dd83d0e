package account

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/talmolab/lablink-infrastructure/cli/doctor"
)

// Identity asks STS in the account's Region, and where that does not know the
// credentials at home: a Region that is switched off knows nobody.
func (a *Account) Identity(ctx context.Context) (doctor.Identity, error) {
	if _, err := a.config.Credentials.Retrieve(ctx); err != nil {
		if ctx.Err() != nil {
			return doctor.Identity{}, ctx.Err()
		}
		return doctor.Identity{}, &doctor.Refused{Err: fmt.Errorf("there are no AWS credentials here: %w", err)}
	}
	who, err := a.sts.GetCallerIdentity(ctx, nil)
	if err != nil {
		if again, failed := a.sts.GetCallerIdentity(ctx, nil, func(o *sts.Options) { o.Region = home }); failed == nil {
			who, err = again, nil
		}
	}
	if err != nil {
		return doctor.Identity{}, explain("sts:GetCallerIdentity", err)
	}
	return doctor.Identity{Account: aws.ToString(who.Account), ARN: aws.ToString(who.Arn)}, nil
}

// OptIn asks EC2 in the Region, and where that does not answer at home.
func (a *Account) OptIn(ctx context.Context) (string, error) {
	in := &ec2.DescribeRegionsInput{AllRegions: aws.Bool(true), RegionNames: []string{a.config.Region}}
	out, err := a.ec2.DescribeRegions(ctx, in)
	if err != nil {
		if again, failed := a.ec2.DescribeRegions(ctx, in, func(o *ec2.Options) { o.Region = home }); failed == nil || unknownRegion(failed) {
			out, err = again, failed
		}
	}
	switch {
	case unknownRegion(err):
		return "", doctor.ErrMissing
	case err != nil:
		return "", explain("ec2:DescribeRegions", err)
	case len(out.Regions) != 1:
		return "", doctor.ErrMissing
	}
	return aws.ToString(out.Regions[0].OptInStatus), nil
}

func unknownRegion(err error) bool {
	var api smithy.APIError
	return errors.As(err, &api) && api.ErrorCode() == "InvalidParameterValue"
}
