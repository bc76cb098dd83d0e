package reference_test

import (
	"encoding/json"
	"os"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs/reference"
)

// stackOutputs are what a stack of this repository exports.
func stackOutputs(t *testing.T, stack string) map[string]any {
	t.Helper()
	raw, err := os.ReadFile("../../program/testdata/outputs." + stack + ".json")
	require.NoError(t, err)
	var values map[string]any
	require.NoError(t, json.Unmarshal(raw, &values))
	return values
}

// in runs a program on a backend with some stacks.
func in(stacks map[string]map[string]any, program pulumi.RunFunc) error {
	_, err := recording.Run("other", recording.Account{Stacks: stacks}, program)
	return err
}

func TestAnotherProgramReadsAnEnvironmentAndItsAccount(t *testing.T) {
	stacks := map[string]map[string]any{"organization/lablink/prod": stackOutputs(t, "prod"), "organization/lablink/account": stackOutputs(t, "account")}
	require.NoError(t, in(stacks, func(ctx *pulumi.Context) error {
		e, err := reference.Environment(ctx, "organization/lablink/prod")
		if err != nil {
			return err
		}
		want, err := json.Marshal(stacks["organization/lablink/prod"])
		require.NoError(t, err)
		read, err := outputs.ReadEnvironment(want)
		require.NoError(t, err)
		assert.Equal(t, read, e)
		a, err := reference.Account(ctx, "organization/lablink/account")
		assert.NotEmpty(t, a.StateBucket)
		return err
	}))
}

func TestSecretOutputsAreLeftOut(t *testing.T) {
	values := stackOutputs(t, "prod")
	values["initialAdminPassword"] = recording.Secret("hunter2hunter2")
	require.NoError(t, in(map[string]map[string]any{"a/b/prod": values}, func(ctx *pulumi.Context) error {
		e, err := reference.Environment(ctx, "a/b/prod")
		assert.Empty(t, e.InitialAdminPassword)
		assert.Equal(t, "prod", e.Environment)
		return err
	}))
}

func TestWhatCannotBeReadIsAnError(t *testing.T) {
	newer := stackOutputs(t, "prod")
	newer["contractVersion"] = 2
	stacks := map[string]map[string]any{"a/b/new": newer, "a/b/empty": {}}
	for stack, says := range map[string]string{
		"a/b/new": "a/b/new: the stack's outputs have contract version 2", "a/b/empty": "a/b/empty: the stack's outputs have contract version 0", "a/b/none": "a/b/none",
	} {
		assert.ErrorContains(t, in(stacks, func(ctx *pulumi.Context) error {
			_, err := reference.Environment(ctx, stack)
			return err
		}), says)
	}
}
