package agent_test

import (
	"context"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// nobody is the user without rights, as on most systems.
const nobody = 65534

// asNobody runs a test once more as somebody to whom files can be closed, where it runs as
// root, and reports whether it did.
func asNobody(t *testing.T) bool {
	t.Helper()
	if os.Geteuid() != 0 {
		return false
	}
	cmd := exec.CommandContext(t.Context(), "/proc/self/exe", "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Dir, cmd.Env = "/", []string{"TMPDIR=/tmp"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "--- PASS: "+t.Name())
	return true
}

func TestAFileThatIsClosedToTheAgentIsOpenedByWhoMay(t *testing.T) {
	if asNobody(t) {
		return
	}
	home := t.TempDir()
	for name, mode := range map[string]os.FileMode{"open.txt": 0o600, "closed.txt": 0} {
		require.NoError(t, os.WriteFile(filepath.Join(home, name), []byte(name), 0o600))
		require.NoError(t, os.Chmod(filepath.Join(home, name), mode))
	}
	all := func(private func(context.Context, string) (io.ReadCloser, error)) (api.CollectStatus, map[string]string) {
		k := &fakeKeeper{kept: map[string]string{}}
		c := &agent.Collector{Home: home, Keeper: k, Private: private}
		start := api.StartCollect{ID: "op_1", Patterns: []string{"*"}, MaxFiles: 10, MaxBytes: 1 << 20}
		return collected(t, c, start), k.kept
	}
	status, kept := all(nil)
	require.Equal(t, 1, status.Left)
	require.Contains(t, status.Trouble, "closed.txt: ")
	require.Equal(t, map[string]string{"op_1/open.txt": "open.txt"}, kept)

	var asked []string
	status, kept = all(func(_ context.Context, name string) (io.ReadCloser, error) {
		asked = append(asked, name)
		return io.NopCloser(strings.NewReader(name + ", and what was written since")), nil
	})
	require.Zero(t, status.Left, status.Trouble)
	require.Equal(t, []string{"closed.txt"}, asked, "only where it is needed")
	require.Equal(t, map[string]string{"op_1/open.txt": "open.txt", "op_1/closed.txt": "closed.txt"}, kept)

	status, _ = all(func(context.Context, string) (io.ReadCloser, error) {
		return nil, api.Problemf(api.NotFound, "That is no file of the session's user", "")
	})
	require.Equal(t, 1, status.Left)
	require.Contains(t, status.Trouble, "no file of the session's user")
}
