package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestMain lets the test's own program be the command.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func TestWhatDoesNotWorkIsSaidPlainly(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	for _, c := range []struct {
		name string
		args []string
		copy bool // whether it runs in a working copy
		want string
	}{
		{"outside a working copy", []string{"up"}, false, "is not inside a working copy of LabLink"},
		{"a stack that is not there", []string{"preview", "staging"}, true, `there is no stack "staging"`},
		{"the environment of nothing", []string{"env"}, true, "the simulated AWS account does not run: make up starts it"},
		{"nothing to take away", []string{"down"}, true, "Nothing is deployed here any more."},
		{"no command", nil, true, `expected one of "up", "down", "preview", "env"`},
		{"a command that is not there", []string{"sideways"}, true, "unexpected argument sideways"},
		{"a template that is not there", []string{"preview", "--template", "sopt"}, true, `there is no template "sopt"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			if c.copy {
				require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: lablink\n"), 0o644))
			}
			cmd := exec.CommandContext(t.Context(), self, c.args...)
			cmd.Dir, cmd.Env = dir, append(os.Environ(), "TEST_COMMAND=1")
			out, err := cmd.CombinedOutput()
			require.Contains(t, string(out), c.want)
			require.Equal(t, c.name == "nothing to take away", err == nil, "%s: %v", out, err)
		})
	}
}

func TestAShellThatEvaluatesTheEnvironmentOfNothingFails(t *testing.T) {
	self, err := os.Executable()
	require.NoError(t, err)
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "Pulumi.yaml"), []byte("name: lablink\n"), 0o644))
	cmd := exec.CommandContext(t.Context(), "bash", "-c", `eval "$("$0" env)" || echo "it failed"`, self)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), "TEST_COMMAND=1")
	out, err := cmd.Output()
	require.NoError(t, err)
	require.Equal(t, "it failed\n", string(out))
}
