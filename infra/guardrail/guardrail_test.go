package guardrail_test

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/guardrail"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

var namer = naming.Namer{Deployment: "lablink", Environment: "test", AccountID: "123456789012", Region: "us-west-2"}

// run holds a program to the rules.
func run(declare pulumi.RunFunc) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{ID: namer.AccountID, Region: namer.Region}, func(ctx *pulumi.Context) error {
		return guardrail.Run(ctx, guardrail.Stack{Namer: namer}, declare)
	})
}

func disk(encrypted bool) pulumi.RunFunc {
	return func(ctx *pulumi.Context) error {
		_, err := ebs.NewVolume(ctx, "disk", &ebs.VolumeArgs{
			AvailabilityZone: pulumi.String("us-west-2a"), Encrypted: pulumi.Bool(encrypted), Tags: namer.Tags("host", "disk"),
		})
		return err
	}
}

func TestWhatKeepsTheRulesIsDeclaredOnce(t *testing.T) {
	recorded, err := run(disk(true))
	require.NoError(t, err)
	assert.Equal(t, []string{"disk"}, recorded.Names())
}

func TestWhatBreaksARuleIsToldBeforeAnythingIsDeclared(t *testing.T) {
	recorded, err := run(func(ctx *pulumi.Context) error {
		return errors.Join(disk(false)(ctx), ctx.Log.Info("declared", nil))
	})
	require.ErrorContains(t, err, "guardrails refuse this stack; nothing was deployed:\n  every volume is encrypted: disk is not encrypted\nfix: ")
	assert.Empty(t, recorded.Names())
	assert.Empty(t, recorded.Notes, "the first run is heard by nobody")
}

func TestAProgramThatFailsDeclaresNothing(t *testing.T) {
	broken := errors.New("no such zone")
	recorded, err := run(func(ctx *pulumi.Context) error { return errors.Join(disk(true)(ctx), broken) })
	require.ErrorIs(t, err, broken)
	assert.Empty(t, recorded.Names())
}

func TestASecretInAnOutputIsFound(t *testing.T) {
	secret := func(mark func(pulumi.StringOutput) pulumi.Output) pulumi.RunFunc {
		return func(ctx *pulumi.Context) error {
			p, err := ssm.NewParameter(ctx, "password", &ssm.ParameterArgs{
				Type: pulumi.String("SecureString"), Value: pulumi.ToSecret(pulumi.String("correct horse")).(pulumi.StringOutput), Tags: namer.Tags("host", "password"),
			})
			if err != nil {
				return err
			}
			ctx.Export("password", mark(pulumi.Sprintf("it is %s", p.Value)))
			return nil
		}
	}
	_, err := run(secret(func(o pulumi.StringOutput) pulumi.Output { return pulumi.ToSecret(o) }))
	assert.NoError(t, err)
	_, err = run(secret(func(o pulumi.StringOutput) pulumi.Output { return pulumi.Unsecret(o) }))
	assert.ErrorContains(t, err, "no secret is readable in the state: the output password shows a secret")
}

func TestTheDocumentationListsTheRules(t *testing.T) {
	raw, err := os.ReadFile("../../docs/security.md")
	require.NoError(t, err)
	_, after, _ := strings.Cut(string(raw), "## Guardrails\n")
	section, _, _ := strings.Cut(after, "\n## ")
	var want, got []string
	for _, rule := range guardrail.Rules() {
		want = append(want, "- "+strings.ToUpper(rule.Says[:1])+rule.Says[1:]+".")
	}
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "- ") {
			got = append(got, strings.TrimSpace(line))
		}
	}
	assert.Equal(t, want, got)
}
