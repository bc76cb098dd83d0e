package boot_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent/boot"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

// install sets a machine of one's own up with a program that says what it is.
func (w *world) install(t *testing.T, says string) error {
	t.Helper()
	program := filepath.Join(t.TempDir(), "lablink-agent")
	require.NoError(t, os.WriteFile(program, []byte(says), 0o755))
	return boot.Own{Join: "https://lab.example.org/#lbj_abc", Desktop: "vnc"}.Install(t.Context(), &w.said, program)
}

func TestAMachineOfOnesOwnIsSetUpAndSetUpAgain(t *testing.T) {
	w := newWorld(t)
	for _, says := range []string{"the first", "a later one"} {
		require.NoError(t, w.install(t, says))
		require.Equal(t, says, w.read(t, "opt/lablink/current/lablink-agent"))
		require.JSONEq(t, `{"join": "https://lab.example.org/#lbj_abc", "desktop": "vnc", "metrics": "127.0.0.1:0"}`, w.read(t, "etc/lablink/agent.json"))
	}
	info, err := os.Stat(filepath.Join(w.root, "etc/lablink/agent.json"))
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode(), "the token in it lets machines join")
	units := "lablink-warden.service lablink-agent.service\n"
	require.Equal(t, "daemon-reload\nenable "+units+"restart "+units+"enable "+units+"restart "+units, w.read(t, "systemctl.log"), "and no updater")
	deployed, err := boot.Deployed()
	require.NoError(t, err)
	require.False(t, deployed)
}

func TestAMachineOfOnesOwnIsGivenBackAsItWas(t *testing.T) {
	w := newWorld(t)
	for name, content := range map[string]string{"etc/systemd/system/ssh.service": "theirs", "opt/other": "theirs", "var/lib/lablink-agent/identity.json": "secret"} {
		at := filepath.Join(w.root, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(content), 0o600))
	}
	require.NoError(t, w.install(t, "it"))
	before := w.read(t, "systemctl.log")
	forgotten := errors.New("a program does not end")
	forget := func(context.Context) error {
		require.Equal(t, before+"disable --now lablink-warden.service lablink-agent.service\n", w.read(t, "systemctl.log"), "nothing begins a session any more")
		return forgotten
	}
	require.ErrorIs(t, boot.Uninstall(t.Context(), &w.said, forget), forgotten)
	require.FileExists(t, filepath.Join(w.root, "opt/lablink/current/lablink-agent"), "it can be called again")
	forgotten = nil
	before = w.read(t, "systemctl.log")
	require.NoError(t, boot.Uninstall(t.Context(), &w.said, forget))
	require.NoError(t, boot.Uninstall(t.Context(), &w.said, func(context.Context) error { return nil }), "once more, after all is gone")

	var left []string
	require.NoError(t, filepath.WalkDir(w.root, func(path string, d os.DirEntry, err error) error {
		if err == nil && (!d.IsDir() || d.Name() == "lablink") {
			name, _ := filepath.Rel(w.root, path)
			left = append(left, name)
		}
		return err
	}))
	require.ElementsMatch(t, []string{"etc/systemd/system/ssh.service", "opt/other", "systemctl.log"}, left)
}

func TestAMachineOfADeploymentIsNoneOfOnesOwn(t *testing.T) {
	running(t)
	deployed, err := boot.Deployed()
	require.NoError(t, err)
	require.True(t, deployed)
	require.NotEmpty(t, host.Current())
}
