package boot_test

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/boot"
)

func TestAMachineBootsAgainOnceForTheBootThatItsAgentNamed(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, os.MkdirAll(w.state(), 0o755))
	reboots := func() int {
		raw, err := os.ReadFile(filepath.Join(w.root, "systemctl.log"))
		if err != nil {
			return 0
		}
		require.Equal(t, "reboot\n", string(raw))
		return 1
	}
	look := func(boot string) { require.NoError(t, rebootAt(t, w, boot)) }
	look("boot-1")
	require.Zero(t, reboots(), "nobody asked")
	require.NoError(t, os.WriteFile(boot.RebootFile(w.state()), []byte("boot-0\n"), 0o600))
	look("boot-1")
	require.Zero(t, reboots(), "that was before")
	require.NoError(t, os.WriteFile(boot.RebootFile(w.state()), []byte("boot-1\n"), 0o600))
	look("boot-1")
	look("boot-1")
	require.Equal(t, 1, reboots())
	require.NoFileExists(t, boot.RebootFile(w.state()))
}

// The folder is the agent's, and root looks there.
func TestRootFollowsNoLinkAndWaitsForNoPipeOfTheAgents(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, os.MkdirAll(w.state(), 0o755))
	at := boot.RebootFile(w.state())
	secret := filepath.Join(w.root, "secret")
	require.NoError(t, os.WriteFile(secret, []byte("boot-1"), 0o600))
	for _, plant := range []func() error{
		func() error { return os.Symlink(secret, at) },
		func() error { return syscall.Mkfifo(at, 0o600) },
		func() error { return errors.Join(os.WriteFile(at, []byte("boot-1"), 0o600), os.Truncate(at, 1<<40)) },
	} {
		require.NoError(t, plant())
		require.Error(t, rebootAt(t, w, "boot-1"))
		require.NoFileExists(t, filepath.Join(w.root, "systemctl.log"))
		require.NoError(t, rebootAt(t, w, "boot-1"), "it is gone")
	}
	require.FileExists(t, secret)
}

func rebootAt(t *testing.T, w *world, at string) error {
	t.Helper()
	return boot.Reboot(t.Context(), &w.said, w.state(), at)
}

func TestRootReadsNoHalfOfWhatTheAgentWrites(t *testing.T) {
	at := filepath.Join(t.TempDir(), "note")
	require.NoError(t, boot.WriteNote(at, "boot-1"))
	before, err := os.Open(at)
	require.NoError(t, err)
	defer before.Close()
	require.NoError(t, boot.WriteNote(at, "boot-2"))
	said, err := io.ReadAll(before)
	require.NoError(t, err)
	require.Equal(t, "boot-1\n", string(said), "who reads it meanwhile reads what it was")
	now, err := os.ReadFile(at)
	require.NoError(t, err)
	require.Equal(t, "boot-2\n", string(now))
}
