package cli_test

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli"
)

func TestTheAllocatorIsFoundByTheOutputsOfTheStack(t *testing.T) {
	_, url := serve(t)
	d := deploy(t)
	d.stack.URL, d.stack.PublicAddress = url, "203.0.113.5"
	ask := func(args ...string) (string, error) {
		d.called = nil
		return at(t, func(g *cli.Globals) { g.Engine = d }, append(args, "--password", password)...)
	}
	out, err := ask("status")
	require.NoError(t, err)
	require.Contains(t, out, deployed)
	require.Equal(t, []string{"stack output --json"}, d.called)
	for _, args := range [][]string{{"users", "-s", "test"}, {"users", "list", "--stack", "test"}, {"workshops", "--stack=test"}} {
		_, err = ask(args...)
		require.NoError(t, err)
		require.Equal(t, []string{"stack output --json --stack test"}, d.called, "%v", args)
	}
	_, err = ask("pools", "--url", url)
	require.NoError(t, err)
	require.Empty(t, d.called, "an address needs no stack")
	_, err = ask("pools", "--url", url, "--stack", "test")
	require.NoError(t, err)

	d.stack.URL = "https://lab.example.org"
	_, err = ask("pools", "--url", "https://test.lab.example.org", "--stack", "prod")
	require.ErrorContains(t, err, "where the stack is: unset LABLINK_URL")
	d.noStack = errors.New("no Pulumi.yaml was found")
	_, err = ask("pools")
	require.ErrorContains(t, err, "no Pulumi.yaml was found): give --url or set LABLINK_URL")
	require.Equal(t, 2, cli.ExitCode(err))
}

func TestWhoHasNoPasswordReadsWhereItIs(t *testing.T) {
	d := deploy(t)
	_, err := at(t, func(g *cli.Globals) { g.Engine = d }, "workshops", "--stack", "test")
	require.ErrorContains(t, err, "`pulumi stack output initialAdminPassword --show-secrets --stack test`")
	require.Equal(t, 3, cli.ExitCode(err))
}
