package machine_test

import (
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// splitPair splits two words.
func splitPair(t *testing.T, line string) []string {
	t.Helper()
	words := strings.Fields(line)
	require.Len(t, words, 2, line)
	return words
}

func TestAServiceThatDiesIsStartedAgain(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch(program("serve", "echo $$ > "+box.path+"\nexec sleep 1000") +
		unit("it.service", "[Service]\nExecStart=/opt/serve\nRestart=on-failure\nRestartSec=10ms") + "systemctl start it.service")
	first := box.next()
	require.Eventually(t, func() bool { return w.host.Supervisor(i.ID).Kill("it.service", syscall.SIGKILL) == nil }, timeout, tick)
	second := box.next()
	require.NotEqual(t, first, second)
	require.Eventually(t, func() bool { return !alive(t, first) }, timeout, tick)
	require.True(t, alive(t, second))
	require.ErrorContains(t, w.host.Supervisor(i.ID).Kill("other.service", syscall.SIGKILL), "was never started")
}

func TestAServiceThatIsStoppedLeavesNoChild(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	require.NoError(t, syscall.Mkfifo(box.path+".stop", 0o600))
	w.launch(program("serve", "sleep 1000 &\necho $$ $! > "+box.path+"\nwait") +
		unit("it.service", "[Service]\nExecStart=/opt/serve\nRestart=always") +
		"systemctl start it.service\nread -t 20 < " + box.path + ".stop\nsystemctl stop it.service\nsystemctl is-active it.service > " + box.path + " || true")
	pids := splitPair(t, box.next())
	require.True(t, alive(t, pids[1]))
	require.NoError(t, os.WriteFile(box.path+".stop", []byte("now\n"), 0))
	require.Equal(t, "inactive", box.next())
	for _, pid := range pids {
		require.Eventually(t, func() bool { return !alive(t, pid) }, timeout, tick, "process %s is still there", pid)
	}
}

func TestAServiceIsKilledWithAllThatItStartedAndRunsAgain(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	require.NoError(t, syscall.Mkfifo(box.path+".kill", 0o600))
	w.launch(program("serve", "trap '' TERM\nsleep 1000 &\necho $$ $! > "+box.path+"\nwait") +
		unit("it.service", "[Service]\nExecStart=/opt/serve\nRestart=always\nRestartSec=10ms\nTimeoutStopSec=1") +
		"systemctl start it.service\nread -t 20 < " + box.path + ".kill\nsystemctl kill --signal=SIGKILL it.service")
	pids := splitPair(t, box.next())
	require.NoError(t, os.WriteFile(box.path+".kill", []byte("now\n"), 0))
	again := splitPair(t, box.next())
	require.NotEqual(t, pids, again)
	for _, pid := range pids {
		require.Eventually(t, func() bool { return !alive(t, pid) }, timeout, tick, "process %s is still there", pid)
	}
}

func TestRestartIsAsTheUnitSays(t *testing.T) {
	for _, c := range []struct {
		restart string
		exit    int
		again   bool
	}{
		{"no", 1, false}, {"on-failure", 0, false}, {"on-failure", 1, true}, {"always", 0, true}, {"always", 3, false}, {"always", 4, true},
	} {
		t.Run(fmt.Sprintf("%s after %d", c.restart, c.exit), func(t *testing.T) {
			w, box := newWorld(t), newMailbox(t)
			w.launch(program("serve", fmt.Sprintf("echo start > %s\nexit %d", box.path, c.exit)) +
				unit("it.service", "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=2\n[Service]\nType=oneshot\nExecStart=/opt/serve\nRestart="+c.restart+"\nRestartPreventExitStatus=3\nRestartSec=0") +
				"systemctl start it.service || true\n" + until("inactive failed") + "echo end > " + box.path)
			want := []string{"start", "end"}
			if c.again {
				want = []string{"start", "start", "end"} // and no third time: the limit is two
			}
			for _, line := range want {
				require.Equal(t, line, box.next())
			}
		})
	}
}

func TestWhatEndedTooOftenIsStartedOnceThatIsForgotten(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	w.launch(program("serve", "echo start > "+box.path+"\nexit 1") +
		unit("it.service", "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=1\n[Service]\nType=oneshot\nExecStart=/opt/serve") +
		"systemctl start it.service || true\nsystemctl start it.service && echo again > " + box.path +
		"\nsystemctl reset-failed it.service\nsystemctl start it.service || true\necho end > " + box.path)
	for _, line := range []string{"start", "start", "end"} {
		require.Equal(t, line, box.next())
	}
}

func TestItIsShownHowOftenAServiceWasStartedAgain(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	const show = "systemctl show --property=ActiveState,NRestarts it.service | tr '\\n' ' ' > "
	w.launch(program("serve", "exit 1") +
		unit("it.service", "[Unit]\nStartLimitIntervalSec=1h\nStartLimitBurst=3\n[Service]\nType=oneshot\nExecStart=/opt/serve\nRestart=always\nRestartSec=0") +
		show + "said; echo $(cat said) > " + box.path + "\nsystemctl start it.service || true\n" + until("failed") + show + "said; echo $(cat said) > " + box.path)
	require.Equal(t, "NRestarts=0 ActiveState=inactive", box.next())
	require.Equal(t, "NRestarts=2 ActiveState=failed", box.next())
}

// until is a shell command that waits until it.service is in one of some states.
func until(states string) string {
	return "while ! grep -qw \"$(systemctl is-active it.service || true)\" <<< '" + states + "'; do :; done\n"
}

func TestAUnitThatTheSupervisorDoesNotKnowDoesNotStart(t *testing.T) {
	for _, c := range []struct{ name, file, text, want string }{
		{"a directive", "it.service", "[Service]\nExecStart=/opt/serve\nExecStartPre=/bin/true", "the simulator does not know ExecStartPre= in [Service]"},
		{"a section's directive", "it.service", "[Unit]\nConditionPathExists=/x\n[Service]\nExecStart=/opt/serve", "ConditionPathExists= in [Unit]"},
		{"a type", "it.service", "[Service]\nType=forking\nExecStart=/opt/serve", "does not know Type=forking"},
		{"a restart", "it.service", "[Service]\nRestart=on-abort\nExecStart=/opt/serve", "does not know Restart=on-abort"},
		{"no command", "it.service", "[Service]\nType=simple", "wants one ExecStart="},
		{"a command for a shell", "it.service", "[Service]\nExecStart=/opt/serve \"$HOME\"", "wants one ExecStart= with a plain command"},
		{"a time", "it.service", "[Service]\nExecStart=/opt/serve\nRestartSec=soon", "Service.RestartSec=soon is not a time"},
		{"a socket that is no port", "it.socket", "[Socket]\nListenStream=/run/x.sock", "wants a port in ListenStream="},
		{"a mount that is not there", "it.service", "[Unit]\nRequiresMountsFor=/var/lib/lablink\n[Service]\nExecStart=/opt/serve", "/var/lib/lablink is not mounted"},
		{"a unit that is not there", "other.service", "[Service]\nExecStart=/opt/serve", "no such file"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w, box := newWorld(t), newMailbox(t)
			name := c.file
			if name == "other.service" {
				name = "it.service"
			}
			w.launch(program("serve", "exec sleep 1000") + unit(c.file, c.text) +
				"systemctl start " + name + " > said 2>/dev/null && echo started >> said\nhead -1 said > " + box.path)
			require.Contains(t, box.next(), c.want)
		})
	}
}

func TestSystemctlRefusesWhatItDoesNotKnow(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	w.launch("for what in mask status 'start --no-block' '' kill 'kill --signal=SIGKILL' show; do systemctl $what it.service 2>/dev/null > " + box.path + " || true; done")
	require.Contains(t, box.next(), `does not know "mask"`)
	require.Contains(t, box.next(), `does not know "status"`)
	require.Contains(t, box.next(), "does not know --no-block")
	require.Contains(t, box.next(), `does not know "it.service"`)
	require.Contains(t, box.next(), "kills with --signal=SIGKILL only")
	require.Contains(t, box.next(), "it.service not loaded")
	require.Contains(t, box.next(), "shows --property=ActiveState,NRestarts only")
}

func TestASocketOutlivesItsService(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch(serve(t) + "systemctl enable --now web.service\necho ready > " + box.path)
	require.Equal(t, "ready", box.next(), "a notifying service is ready when it says so")
	w.open80()
	first := w.ask(i.PublicIP)
	require.NoError(t, w.host.Supervisor(i.ID).Kill("web.service", syscall.SIGKILL))
	second := w.ask(i.PublicIP)
	require.NotEqual(t, first, second, "the connection waited for the next process")
}

// serve is a shell command that installs the test's own program as a service
// with a socket at port 80.
func serve(t *testing.T) string {
	t.Helper()
	self, err := os.Executable()
	require.NoError(t, err)
	return unit("web.socket", "[Socket]\nListenStream=80") +
		unit("web.service", "[Unit]\nRequires=web.socket\n[Service]\nType=notify\nExecStart=/opt/web\nRestart=always\nRestartSec=0\nEnvironment=TEST_SERVICE=1") +
		"ln -s " + self + " $LABLINK_ROOT/opt/web\n"
}

func TestPartsOfAServiceRestartAndStopWithIt(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	require.NoError(t, syscall.Mkfifo(box.path+".go", 0o600))
	wait := "read -t 20 < " + box.path + ".go\n"
	w.launch(program("serve", "echo it $$ > "+box.path+"\nexec sleep 1000") + program("part", "echo part $$ > "+box.path+"\nexec sleep 1000") +
		unit("it.service", "[Service]\nExecStart=/opt/serve") + unit("part.service", "[Unit]\nPartOf=it.service\n[Service]\nExecStart=/opt/part\n[Install]\nWantedBy=it.service") +
		"systemctl start it.service\nsystemctl start part.service\n" + wait + "systemctl restart it.service\n" + wait +
		"systemctl stop it.service\nsystemctl is-active part.service > " + box.path + " || true\n" +
		"systemctl enable part.service\nsystemctl start it.service")
	both := func() map[string]string {
		out := map[string]string{}
		for range 2 {
			words := splitPair(t, box.next())
			out[words[0]] = words[1]
		}
		return out
	}
	proceed := func() { require.NoError(t, os.WriteFile(box.path+".go", []byte("now\n"), 0)) }
	first := both()
	proceed()
	second := both()
	require.NotEqual(t, first["part"], second["part"])
	require.False(t, alive(t, first["part"]))
	proceed()
	require.Equal(t, "inactive", box.next())
	require.False(t, alive(t, second["part"]))
	require.NotEqual(t, second["part"], both()["part"], "one that it wants starts with it")
}
