package cli_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/alecthomas/kong"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli"
)

// commandsOf are all commands that can be called.
func commandsOf(t *testing.T) []*kong.Node {
	t.Helper()
	parser, err := kong.New(&cli.Commands{}, kong.Name("lablink"))
	require.NoError(t, err)
	leaves := parser.Model.Leaves(true)
	require.Greater(t, len(leaves), 40)
	return leaves
}

// called is how a command is called, without its arguments.
func called(n *kong.Node) string { return strings.TrimPrefix(n.FullPath(), "lablink ") }

func TestEachCommandSaysWhatItDoesAndWhatItsFlagsMean(t *testing.T) {
	for _, n := range commandsOf(t) {
		var c cli.Commands
		var out bytes.Buffer
		parser, err := kong.New(&c, kong.Name("lablink"), kong.Writers(&out, &out), kong.Exit(func(int) { panic("ended") }), kong.Bind(&c.Globals), kong.BindTo(t.Context(), (*context.Context)(nil)))
		require.NoError(t, err)
		require.PanicsWithValue(t, "ended", func() { _, _ = parser.Parse(append(strings.Fields(called(n)), "--help")) }, n.FullPath())
		require.Contains(t, out.String(), "Usage: lablink "+called(n), n.FullPath())
		require.Contains(t, out.String(), "--json", n.FullPath())
		require.NotEmpty(t, n.Help, n.FullPath())
		for _, f := range n.Flags {
			require.NotEmpty(t, f.Help, "%s --%s", n.FullPath(), f.Name)
		}
		for _, p := range n.Positional {
			require.NotEmpty(t, p.Help, "%s %s", n.FullPath(), p.Name)
		}
	}
}

// What asks an allocator finds it by the stack, too.
func TestEachCommandThatAsksAnAllocatorTakesAStack(t *testing.T) {
	alone := []string{"completion", "prices", "image pin", "bootstrap"} // of no stack, or of one that has other words
	for _, n := range commandsOf(t) {
		if slices.Contains(alone, called(n)) {
			continue
		}
		found := false
		for _, group := range n.AllFlags(false) {
			found = found || slices.ContainsFunc(group, func(f *kong.Flag) bool { return f.Name == "stack" })
		}
		require.True(t, found, "%s has no --stack", n.FullPath())
	}
}

// docs/cli.md has a line for each command, and all ways to end.
func TestTheDocumentListsEachCommandAndEachWayToEnd(t *testing.T) {
	raw, err := os.ReadFile("../docs/cli.md")
	require.NoError(t, err)
	var commands, exits strings.Builder
	for _, n := range commandsOf(t) {
		fmt.Fprintf(&commands, "| `lablink %s` | %s |\n", called(n), strings.ReplaceAll(n.Help, "|", "\\|"))
	}
	for _, e := range cli.Exits {
		fmt.Fprintf(&exits, "| %d | %s |\n", e.Code, e.Meaning)
	}
	text := string(raw)
	if *update {
		text = between(t, text, "<!-- Commands: go test ./cli -update -->\n\n| command | what it does |\n|---|---|\n", commands.String())
		text = between(t, text, "<!-- Ends: go test ./cli -update -->\n\n| code | means |\n|---|---|\n", exits.String())
		require.NoError(t, os.WriteFile("../docs/cli.md", []byte(text), 0o600))
	}
	require.Contains(t, text, "|---|---|\n"+commands.String()+"\n", "go test ./cli -update writes it")
	require.Contains(t, text, "|---|---|\n"+exits.String()+"\n", "go test ./cli -update writes it")
}

// between puts lines where a table's lines are, after its heading.
func between(t *testing.T, text, heading, lines string) string {
	t.Helper()
	before, after, found := strings.Cut(text, heading)
	require.True(t, found)
	for strings.HasPrefix(after, "|") {
		_, after, _ = strings.Cut(after, "\n")
	}
	return before + heading + lines + after
}
