package stack

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// whoAmI asks AWS whose credentials these are: the account's number.
func whoAmI(ctx context.Context, region string) (account, arn string, err error) {
	ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	const fix = "log in first (aws sso login, or aws configure) and name the profile in AWS_PROFILE, or export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of somebody who may administer the account"
	cfg, err := config.LoadDefaultConfig(ctx, config.WithRegion(region))
	if err != nil {
		return "", "", fmt.Errorf("read the AWS configuration: %w", err)
	}
	if _, err := cfg.Credentials.Retrieve(ctx); err != nil {
		return "", "", fmt.Errorf("there are no AWS credentials here: %s (%w)", fix, err)
	}
	who, err := sts.NewFromConfig(cfg).GetCallerIdentity(ctx, nil)
	if err != nil {
		return "", "", fmt.Errorf("AWS does not accept these credentials: %s (%w)", fix, err)
	}
	return aws.ToString(who.Account), aws.ToString(who.Arn), nil
}
