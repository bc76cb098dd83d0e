//go:build boot

package machine_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/machine"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
)

// A computer that nobody launched shows a desktop by one command of root's, and is as it was
// by another.
func TestBootOfAMachineOfOnesOwnThatIsInstalledAndGivenBack(t *testing.T) {
	w := newWorld(t)
	w.close()
	w.options = machine.Options{Base: base(t)}
	w.open()
	i := w.launch("echo it has booted\n")
	require.Eventually(t, func() bool { return strings.Contains(w.host.Console(i.ID), "it has booted") }, 5*time.Minute, 50*time.Millisecond)
	pid, err := nspawn.PID(filepath.Join(w.dir, "instances", i.ID))
	require.NoError(t, err)
	try := func(command string) (string, error) {
		return nspawn.Run(context.WithoutCancel(t.Context()), pid, "sh", "-c", command+" 2>&1")
	}
	run := func(command string) string {
		t.Helper()
		said, err := try(command)
		require.NoError(t, err, "%s\n%s", command, said)
		return strings.TrimSpace(said)
	}
	t.Cleanup(func() {
		if t.Failed() {
			said, _ := try("journalctl --no-pager --lines=100 --unit='lablink-*'")
			t.Log(said)
		}
	})
	leader, err := nspawn.Leader(pid)
	require.NoError(t, err)
	program := fmt.Sprintf("/proc/%d/root/mnt/lablink-agent", leader)
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "../../agent/cmd/lablink-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=1", "CGO_CFLAGS=-O2 -g0 -Wno-deprecated-declarations")
	said, err := build.CombinedOutput()
	require.NoError(t, err, string(said))
	const left = `find / -xdev \( -name '*lablink*' -o -user lablink -o -user lablink-session \) -not -path '/proc/*' -not -path '/mnt/lablink-agent' -not -path '/var/log/*' 2>/dev/null | sort; getent passwd | sort; getent group | sort; ip rule show; ls /etc/cron.deny /etc/at.deny 2>/dev/null; true`
	before := run(left)

	const install = "/mnt/lablink-agent install --join 'http://127.0.0.1:9/#lbj_x'"
	run("ln -sf /bin/true /usr/local/bin/git")
	refused, err := try(install)
	require.Error(t, err)
	require.Contains(t, refused, "there is no desktop on this machine")
	require.Equal(t, before, run(left), "nothing was changed")

	run(`printf '#!/bin/sh\nid -un >"$HOME/shown"\nexec sleep 100000\n' >/usr/local/bin/startxfce4; chmod 0755 /usr/local/bin/startxfce4`)
	const session = `curl -s --fail-with-body -m 60 --unix-socket /run/lablink-warden/control -X POST -d '{"id":"ses_1"}' http://warden/session`
	for range 2 { // the second time as with a newer program
		require.Contains(t, run(install), "This machine serves")
		require.Equal(t, "active\nactive\ninactive", run("systemctl is-active lablink-agent lablink-warden lablink-agent-update.timer || true"))
		require.Equal(t, "640 root lablink", run("stat -c '%a %U %G' /etc/lablink/agent.json"))
		run("setpriv --reuid=lablink --regid=lablink --clear-groups " + session)
		require.Eventually(t, func() bool {
			said, _ := try("cat /var/lib/lablink-home/shown")
			return strings.TrimSpace(said) == "lablink-session"
		}, time.Minute, 100*time.Millisecond)
	}
	require.Contains(t, run("curl -sf -m 5 http://127.0.0.1:9478/metrics"), "lablink_agent_")
	require.Contains(t, run("/opt/lablink/current/lablink-agent doctor || true"), "what shows it is there", "with what it was told")

	refused, err = try("setpriv --reuid=65534 --regid=65534 --clear-groups /opt/lablink/current/lablink-agent uninstall")
	require.Error(t, err)
	require.Contains(t, refused, "uninstall needs root", "and not what it may not read")
	run("mkdir -p /var/lib/lablink-image/home; ip -4 rule add pref 100 protocol kernel from 198.19.77.0/24 to 169.254.169.254 prohibit") // as of desktops in containers
	run("/opt/lablink/current/lablink-agent uninstall")
	require.Equal(t, before, run(left))
	require.Equal(t, "0", run("systemctl list-units --all --no-legend 'lablink-*' | wc -l"))
	w.terminate(i.ID)
}
