// Package reference reads the outputs of a LabLink stack from another Pulumi
// program, through a stack reference. What the outputs are is in package outputs,
// which needs no Pulumi.
package reference

import (
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// Environment reads an environment's outputs. stack is its full name on the
// program's own backend, for example "organization/lablink/prod". Secret outputs
// are left out: read them with GetOutput of a stack reference, which keeps them
// secret. It fails when the stack is not there, has no outputs yet, or has those
// of another contract.
func Environment(ctx *pulumi.Context, stack string, opts ...pulumi.ResourceOption) (outputs.Environment, error) {
	return read(ctx, stack, opts, outputs.ReadEnvironment)
}

// Account reads an account's outputs, as Environment does.
func Account(ctx *pulumi.Context, stack string, opts ...pulumi.ResourceOption) (outputs.Account, error) {
	return read(ctx, stack, opts, outputs.ReadAccount)
}

func read[T any](ctx *pulumi.Context, stack string, opts []pulumi.ResourceOption, decode func([]byte) (T, error)) (T, error) {
	var none T
	r, err := pulumi.NewStackReference(ctx, stack, nil, opts...)
	if err != nil {
		return none, fmt.Errorf("read the stack %s: %w", stack, err)
	}
	values := map[string]any{}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[T]()) {
		name := f.Tag.Get("json")
		details, err := r.GetOutputDetails(name)
		if err != nil {
			return none, fmt.Errorf("read the output %s of %s: %w", name, stack, err)
		}
		if details.Value != nil {
			values[name] = details.Value
		}
	}
	raw, err := json.Marshal(values)
	if err != nil {
		return none, fmt.Errorf("read the outputs of %s: %w", stack, err)
	}
	out, err := decode(raw)
	if err != nil {
		return none, fmt.Errorf("%s: %w", stack, err)
	}
	return out, nil
}
