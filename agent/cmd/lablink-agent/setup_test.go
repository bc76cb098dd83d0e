//go:build linux

package main

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/internal/fakeallocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// own runs the program as on somebody's own machine, for an allocator that wants it set up.
func own(t *testing.T, s api.Setup) (fake *fakeallocator.Allocator, stop func()) {
	t.Setenv("AWS_EC2_METADATA_DISABLED", "true")
	fake = fakeallocator.New()
	server := httptest.NewServer(fake)
	t.Cleanup(server.Close)
	t.Cleanup(fake.Close)
	fake.SetUp(s)
	return fake, start(t, "--join="+server.URL+"/#lbj_x", "--nvml=simulated:a100")
}

// repository is a Git repository with a file.
func repository(t *testing.T) string {
	dir := filepath.Join(t.TempDir(), "course.git")
	write(t, filepath.Join(dir, "README"), "hello\n")
	for _, args := range [][]string{{"init", "-q"}, {"add", "README"}, {"-c", "user.name=x", "-c", "user.email=x@example.org", "commit", "-qm", "first"}} {
		out, err := exec.CommandContext(t.Context(), "git", append([]string{"-C", dir}, args...)...).CombinedOutput()
		require.NoError(t, err, string(out))
	}
	return "file://" + dir
}

// settled is the first report by which a set-up has ended.
func settled(fake *fakeallocator.Allocator) api.Report {
	for r := range fake.Reports() {
		if r.Setup.Ended() {
			return r
		}
	}
	return api.Report{}
}

// Quotes, $, back-ticks, new lines, and as long as a script may be.
func TestTheProgramSetsItsMachineUp(t *testing.T) {
	dir := root(t, "")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "var/lib"), 0o700))
	script := "set -eu\nprintf '%s\\n' 'a '\\''single'\\'' and a \"double\" quote, `back` $TICKS' >made\ntest -e tried || { touch tried; exit 9; }\n"
	script += "#" + strings.Repeat("x", 100<<10-len(script)-1)
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "var/lib/lablink-home/.course.clone/half"), 0o700)) // of a clone that was cut short
	fake, stop := own(t, api.Setup{Sum: "sum", Run: true, Repository: repository(t), Startup: api.Startup{Script: script, OnError: api.Fail, MaxAttempts: 2, SuccessCheck: `test "$(wc -l <made)" = 1`}})
	r := settled(fake)
	assert.Equal(t, []any{api.SetupDone, 2, api.Healthy}, []any{r.Setup.State, r.Setup.Attempt, r.Health}, "%+v", r.Setup)
	made, err := os.ReadFile(filepath.Join(dir, "var/lib/lablink-home/made"))
	require.NoError(t, err)
	course, err := os.ReadFile(filepath.Join(dir, "var/lib/lablink-home/course/README"))
	require.NoError(t, err)
	assert.Equal(t, "hello\n", string(course))
	assert.NoDirExists(t, filepath.Join(dir, "var/lib/lablink-home/.course.clone"))
	assert.Equal(t, "a 'single' and a \"double\" quote, `back` $TICKS\n", string(made))
	stop()
}

func TestAMachineWhoseSetUpFailsSaysWhy(t *testing.T) {
	dir := root(t, "")
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "var/lib"), 0o700))
	fake, stop := own(t, api.Setup{Sum: "sum", Run: true, Startup: api.Startup{Script: "echo no such package; exit 4", OnError: api.Fail, MaxAttempts: 1}})
	r := settled(fake)
	assert.Equal(t, []any{api.SetupFailed, "no such package", api.Unhealthy}, []any{r.Setup.State, r.Setup.Line, r.Health})
	assert.Contains(t, r.Reason, "The start-up script did not succeed (try 1 of 1): it ended with status 4")
	stop()
}

// Whatever its settings say: a script could read the agent's secret.
func TestNothingRunsAsTheAgentOfAMachineOfEC2(t *testing.T) {
	ran := filepath.Join(t.TempDir(), "ran")
	for _, kind := range []string{"", "none"} {
		runner, _ := (&runCommand{Desktop: kind, Home: t.TempDir()}).settingUp()
		err := runner.Run(t.Context(), agent.Command{Args: []string{"touch", ran}, Limit: time.Minute}, func(string) {})
		require.ErrorContains(t, err, "Set the pool's desktop to vnc")
		assert.NoFileExists(t, ran)
	}
}
