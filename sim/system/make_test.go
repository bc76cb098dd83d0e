package system

import (
	"encoding/json"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// What the README says of make up, make env and make down, and the page for whoever
// begins.
func TestMakeUpCanBeRepeatedAndMakeDownLeavesNothing(t *testing.T) {
	l := find(t)
	said := l.make(t, "up")
	require.Contains(t, said, l.url+"/admin")
	res, err := http.Get(l.url)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusOK, res.StatusCode)

	elsewhere := *l.Workspace
	elsewhere.Door = take(t)
	out, err := (&local{Workspace: &elsewhere}).command(t.Context(), "up").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "that port is taken")
	ready, err := l.person(t).Ready(t.Context())
	require.NoError(t, err, "what runs goes on")
	require.True(t, ready.Ready)

	l.plain(t, "pulumi preview --expect-no-changes") // the stack is selected
	l.plain(t, "pulumi up -s local --yes --skip-preview --expect-no-changes")
	var now outputs.Environment
	require.NoError(t, json.Unmarshal([]byte(l.plain(t, "pulumi stack output -s local --json")), &now))
	require.Equal(t, "[secret]", now.InitialAdminPassword)

	said = l.follow(t, "docs/getting-started.md", "")
	again, _, _ := strings.Cut(said, "+ lablink launch")
	require.Contains(t, again, "55 unchanged")
	require.NotRegexp(t, `[+~-] \d+ (created|updated|deleted|replaced)`, again)
	require.Contains(t, said, "First workshop")
	require.Contains(t, said, "lablink:host:Host")
	changed, err := git(l.Root, "status", "--porcelain")
	require.NoError(t, err)
	require.Empty(t, changed, "the working copy is as it was")

	require.Contains(t, said, "Everything is gone")
	l.nothingRuns(t)
	listener, err := net.Listen("tcp", l.Door)
	require.NoError(t, err, "the port is left")
	require.NoError(t, listener.Close())
	left, err := os.ReadDir(l.Root + "/.lablink")
	require.NoError(t, err)
	for _, e := range left {
		require.Contains(t, []string{"bin", "build", "engine", "lock"}, e.Name(), "state is left")
	}
	require.Contains(t, l.make(t, "down"), "Nothing is deployed here any more")
}

// take is an address on which somebody else listens.
func take(t *testing.T) string {
	t.Helper()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = taken.Close() })
	return taken.Addr().String()
}

// plain runs a command under what make env prints, as people do in their shell.
func (l *local) plain(t *testing.T, command string) string {
	t.Helper()
	exports := l.make(t, "env")
	cmd := exec.CommandContext(t.Context(), "bash", "-ec", exports+"\n"+command)
	cmd.Dir, cmd.Env = l.Root, environment()
	var said strings.Builder
	cmd.Stderr = &said
	out, err := cmd.Output()
	require.NoError(t, err, "%s: %s%s", command, out, &said)
	return string(out)
}

func TestAPortThatIsTakenIsToldBeforeAnythingHappens(t *testing.T) {
	l := find(t)
	l.Door = take(t)
	out, err := l.command(t.Context(), "up").CombinedOutput()
	require.Error(t, err)
	require.Contains(t, string(out), "that port is taken")
	require.Contains(t, string(out), "LABLINK_PORT=")
	l.nothingRuns(t)
}
