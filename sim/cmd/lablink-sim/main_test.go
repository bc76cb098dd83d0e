package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// TestMain lets the test's own program be the command.
func TestMain(m *testing.M) {
	if os.Getenv("TEST_COMMAND") != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

func command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	cmd := exec.CommandContext(t.Context(), self, args...)
	cmd.Env = append(os.Environ(), "TEST_COMMAND=1")
	return cmd
}

var greeting = regexp.MustCompile(`^AWS API at (http://127\.0\.0\.1:\d+), Pulumi providers on ports (\d+) \(aws\) and (\d+) \(cloudflare\)\n$`)

func TestItServesUntilItIsAskedToEnd(t *testing.T) {
	dir := t.TempDir()
	cmd := command(t, "--dir", dir, "--zone", "example.org", "--cloudflare-zone", "example.net", "--oidc", "https://id.example.org")
	cmd.Stderr = os.Stderr // seen when the test fails
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	at := greeting.FindStringSubmatch(line)
	require.NotNil(t, at, line)

	res, err := http.Get(at[1] + control.PathState)
	require.NoError(t, err)
	defer res.Body.Close()
	var state control.State
	require.NoError(t, json.NewDecoder(res.Body).Decode(&state))
	require.Equal(t, cmd.Process.Pid, state.PID)
	require.Equal(t, dir, state.Dir)
	works, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", state.PID))
	require.NoError(t, err)
	require.Equal(t, dir, works, "connections are named by files there")
	require.Equal(t, at[1], state.API)

	taken, err := command(t, "--dir", t.TempDir(), "--api", at[1][len("http://"):]).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(taken), "the simulator cannot start")
	require.Contains(t, string(taken), "address already in use")

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	require.NoError(t, cmd.Wait())
	model, err := os.ReadFile(dir + "/model.json")
	require.NoError(t, err)
	require.Contains(t, string(model), "example.org")
	require.Contains(t, string(model), "example.net")
	require.Contains(t, string(model), "id.example.org")
}

func TestAFolderIsRequired(t *testing.T) {
	out, err := command(t).CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "missing flags: --dir")
}
