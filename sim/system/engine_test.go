package system

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// engine is the real engine before an account that has a zone and nothing else,
// and a Cloudflare with a zone of the same name.
type engine struct {
	*launcher.Pulumi
	root    string // of the copy
	account *control.Client
	said    *strings.Builder
}

func start(t testing.TB, more ...string) *engine {
	t.Helper()
	said := &strings.Builder{}
	root := lease(t)
	w, err := launcher.Find(root, said)
	require.NoError(t, err)
	w.Seed = []string{"--zone", "example.org", "--cloudflare-zone", "example.org"}
	w.Seed = append(w.Seed, more...)
	require.NoError(t, w.Build(t.Context()))
	t.Cleanup(func() { require.NoError(t, w.Down(context.WithoutCancel(t.Context()), true)) })
	e := &engine{root: root, said: said}
	e.account, err = w.StartSimulator(t.Context())
	require.NoError(t, err)
	e.Pulumi, err = w.Pulumi(t.Context())
	require.NoError(t, err)
	return e
}

// stack is a stack of the copy, with its configuration changed.
func (e *engine) stack(t testing.TB, name string, change ...string) launcher.Stack {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(e.root, "Pulumi."+name+".yaml"))
	require.NoError(t, err)
	for i := 0; i < len(change); i += 2 {
		require.Contains(t, string(raw), change[i])
	}
	changed := strings.NewReplacer(change...).Replace(string(raw))
	s := launcher.Stack{Name: name, File: filepath.Join(t.TempDir(), "Pulumi."+name+".yaml")}
	require.NoError(t, os.WriteFile(s.File, []byte(changed), 0o644))
	require.NoError(t, e.Ensure(t.Context(), s))
	return s
}

// run calls pulumi for a stack, and returns what it said.
func (e *engine) run(t testing.TB, s launcher.Stack, command ...string) (string, error) {
	t.Helper()
	e.said.Reset()
	args := append(command, "--stack", s.Name)
	if command[0] != "state" {
		args = append(args, "--config-file", s.File)
	}
	err := e.Run(t.Context(), args...)
	t.Logf("pulumi %s\n%s", strings.Join(args, " "), e.said)
	return e.said.String(), err
}

func (e *engine) must(t testing.TB, s launcher.Stack, command ...string) {
	t.Helper()
	said, err := e.run(t, s, command...)
	require.NoError(t, err, said)
}

// watched is what more is set in some stacks, so that every alarm is there.
var watched = map[string]string{
	"account": "  lablink:budget: {monthlyUsd: 900, emails: [lab@example.org]}\n",
	"test":    "  lablink:budget: {monthlyUsd: 500, emails: [lab@example.org]}\n  lablink:alarms: {emails: [lab@example.org, ops@example.org]}\n",
}

// A stack that is deployed again changes nothing, and what is destroyed is gone.
// The account comes first, as the roles of environments trust its identity
// provider.
func TestEveryStackIsDeployedTwiceAndDestroyed(t *testing.T) {
	e := start(t)
	names := []string{"account", "test", "prod", "local"}
	stacks := map[string]launcher.Stack{}
	for _, name := range names {
		stacks[name] = e.stack(t, name, "config:\n", "config:\n"+watched[name])
		e.must(t, stacks[name], "up", "--yes", "--skip-preview", "--suppress-outputs")
		e.must(t, stacks[name], "up", "--yes", "--skip-preview", "--suppress-outputs", "--expect-no-changes")
		e.must(t, stacks[name], "refresh", "--preview-only", "--suppress-outputs", "--expect-no-changes")
		// What a refresh learns of the account is not taken for a change.
		e.must(t, stacks[name], "refresh", "--yes", "--skip-preview", "--suppress-outputs")
		e.must(t, stacks[name], "preview", "--suppress-outputs", "--expect-no-changes")
	}
	e.checkOutputs(t, stacks)
	_, err := e.run(t, stacks["prod"], "destroy", "--yes", "--skip-preview")
	require.Error(t, err)
	require.Contains(t, e.said.String(), "protected")
	for i := len(names) - 1; i >= 0; i-- {
		s := stacks[names[i]]
		if name := names[i]; name == "prod" || name == "account" {
			e.must(t, s, "state", "unprotect", "--all", "--yes")
		}
		e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
	}
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	for _, i := range state.Instances {
		require.True(t, i.Gone(), "%s %v", i.ID, i.Tags)
	}
}

// GitHub's identity provider exists once in an account, and others may have made it.
func TestAnAccountTakesOverTheIdentityProviderThatIsThere(t *testing.T) {
	e := start(t, "--oidc", "https://token.actions.githubusercontent.com")
	for _, time := range []string{"the first", "the second"} {
		t.Log(time)
		s := e.stack(t, "account", "lablink:kind: account", "lablink:kind: account\n  lablink:protection: false")
		e.must(t, s, "up", "--yes", "--skip-preview")
		require.Regexp(t, `OpenIdConnectProvider github imported`, e.said.String())
		e.must(t, s, "up", "--yes", "--skip-preview", "--expect-no-changes")
		e.must(t, s, "refresh", "--yes", "--skip-preview")
		e.must(t, s, "preview", "--expect-no-changes")
		e.must(t, s, "destroy", "--yes", "--skip-preview") // and leaves it to the others
	}
}

func (e *engine) checkOutputs(t *testing.T, stacks map[string]launcher.Stack) {
	t.Helper()
	for name, url := range map[string]string{"test": "https://test.lab.example.org", "prod": "https://lab.example.org"} {
		env, err := e.Environment(t.Context(), stacks[name])
		require.NoError(t, err)
		require.Equal(t, url, env.URL)
		require.Equal(t, name, env.Environment)
		require.NotEmpty(t, env.DeployRoleARN)
	}
	raw, err := e.Output(t.Context(), "stack", "output", "--json", "--stack", "account")
	require.NoError(t, err)
	account, err := outputs.ReadAccount(raw)
	require.NoError(t, err)
	require.NotEmpty(t, account.OIDCProviderARN)
	raw, err = e.Output(t.Context(), "stack", "output", "--json", "--stack", "prod")
	require.NoError(t, err)
	prod, err := outputs.ReadEnvironment(raw)
	require.NoError(t, err)
	require.Equal(t, "[secret]", prod.InitialAdminPassword)
}
