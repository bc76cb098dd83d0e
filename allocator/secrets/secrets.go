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
