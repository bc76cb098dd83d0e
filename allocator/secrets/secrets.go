package secrets

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
)

// SSM is the part of the SDK's client that is used.
type SSM interface {
	GetParameter(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)
}

// Call is SSM's call GetParameter; see allocator/ec2 for why nothing else of the SDK's
// client is kept.
type Call func(context.Context, *ssm.GetParameterInput, ...func(*ssm.Options)) (*ssm.GetParameterOutput, error)

// GetParameter calls it.
func (c Call) GetParameter(ctx context.Context, in *ssm.GetParameterInput, opts ...func(*ssm.Options)) (*ssm.GetParameterOutput, error) {
	return c(ctx, in, opts...)
}

// Client calls SSM in the Region and as whom c says.
func Client(c aws.Config) SSM { return Call(ssm.NewFromConfig(c).GetParameter) }

// Read returns the value of a parameter.
func Read(ctx context.Context, client SSM, name string) (string, error) {
	value, _, err := ReadVersion(ctx, client, name)
	return value, err
}

// ReadVersion returns the value of a parameter, and its version, which is
// another each time that it is set.
func ReadVersion(ctx context.Context, client SSM, name string) (value string, version int64, err error) {
	out, err := client.GetParameter(ctx, &ssm.GetParameterInput{Name: &name, WithDecryption: aws.Bool(true)})
	if err != nil {
		return "", 0, fmt.Errorf("read the parameter %s: %w", name, err)
	}
	return aws.ToString(out.Parameter.Value), out.Parameter.Version, nil
}
