package program_test

import (
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/guardrail"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// held is a stack as the guardrails see it.
func held(recorded *recording.Recording) guardrail.Stack {
	return guardrail.Stack{
		Recording: recorded, Namer: naming.Namer{Deployment: deployment, Environment: recorded.Stack, AccountID: "123456789012", Region: "us-west-2"},
		SQLite:     recorded.Stack != "account" && len(recorded.Of(dbInstance)) == 0,
		Production: recorded.Stack == "prod", Protect: recorded.Stack == "prod" || recorded.Stack == "account",
	}
}

func TestEveryStackKeepsTheGuardrails(t *testing.T) {
	for _, stack := range stacks {
		keepsGuardrails(t, stackOf(t, stack).record(t), stack)
	}
	for shape, recorded := range shapes(t) {
		keepsGuardrails(t, recorded, shape)
	}
	for why, r := range map[string]*run{
		"with pipelines": withImages(t), "with NAT": stackOf(t, "prod").set(map[string]string{"lablink:network": `{"nat": true, "zones": ["us-west-2a", "us-west-2b"]}`}), "in an existing VPC": inVPC(t, "prod"),
		"at a dynamic address": stackOf(t, "local").set(map[string]string{"lablink:allocator": dynamic}),
	} {
		keepsGuardrails(t, r.record(t), why)
	}
}

func keepsGuardrails(t *testing.T, recorded *recording.Recording, what string) {
	t.Helper()
	require.NotEmpty(t, recorded.Records, what)
	assert.NoError(t, guardrail.Check(held(recorded)), what)
}

// guarded is a stack with all that can be set, and one engine of databases.
func guarded(t *testing.T, stack, engine string) *recording.Recording {
	t.Helper()
	return stackOf(t, stack).set(map[string]string{
		"lablink:alarms": `{"emails": ["lab@example.org"]}`, "lablink:budget": `{"monthlyUsd": 100, "emails": ["lab@example.org"]}`,
		"lablink:database": `{"engine": "` + engine + `"}`, "lablink:adminPassword": password,
	}).preview(t)
}

func TestTheGuardrailsHoldWhateverIsSet(t *testing.T) {
	for _, stack := range stacks {
		for _, engine := range []string{"sqlite", "postgres"} {
			keepsGuardrails(t, guarded(t, stack, engine), stack+" with "+engine)
		}
	}
}

// The program holds itself to them.
func TestADeploymentOfAnotherNameKeepsTheGuardrails(t *testing.T) {
	for _, stack := range stacks {
		recorded := stackOf(t, stack).set(map[string]string{"lablink:deployment": "vision-lab"}).record(t)
		assert.NotEmpty(t, recorded.Names(), stack)
	}
}

func TestTheGuardrailsNoticeWhatBreaksThem(t *testing.T) {
	for _, rule := range guardrail.Rules() {
		assert.NotEmpty(t, spoils[rule.Says], "nobody tries to break: %s", rule.Says)
		for _, s := range spoils[rule.Says] {
			recorded := guarded(t, "prod", "sqlite")
			if !slices.ContainsFunc(recorded.Records, s.matches) {
				recorded = guarded(t, "prod", "postgres")
			}
			if !slices.ContainsFunc(recorded.Records, s.matches) {
				recorded = withImages(t).record(t)
			}
			if !slices.ContainsFunc(recorded.Records, s.matches) {
				recorded = several(t, "prod")
			}
			s.of(t, recorded)
			assert.NotEmpty(t, rule.Breaks(held(recorded)), "%s: %s with %s = %v", rule.Says, s.typ, s.path, s.to)
		}
	}
	assert.Len(t, spoils, len(guardrail.Rules()), "each is for a rule")
}

// What a person sets can make what is public a secret: there it is not one.
func TestTheProgramKeepsTheGuardrailsBeforeItDeclaresAnything(t *testing.T) {
	r := stackOf(t, "test").set(map[string]string{"lablink:adminPassword": "lablink-boundary"})
	recorded, err := r.do()
	require.ErrorContains(t, err, "guardrails refuse this stack; nothing was deployed:\n  no secret is readable in the state: ")
	assert.ErrorContains(t, err, "\nfix: ")
	assert.Empty(t, recorded.Names())
	_, err = r.do(recording.Preview)
	assert.ErrorContains(t, err, "guardrails refuse this stack", "a preview is held to them, too")
}
