package machine_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	timeout = time.Minute
	tick    = 5 * time.Millisecond
)

func TestATerminatedMachineLeavesNoProcess(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	tell := func(what string) string { return "echo " + what + " > " + box.path + "\n" }
	for name, script := range map[string]string{
		"user data that still runs":              "sleep 1000 &\n" + tell("$$ $!") + "wait",
		"what user data left behind":             "sleep 1000 &\n" + tell("$$ $!"),
		"a service with a child":                 program("serve", "sleep 1000 &\n"+tell("$$ $!")+"wait") + unit("it.service", "[Service]\nExecStart=/opt/serve") + "systemctl start it.service",
		"a service that does not end when asked": program("serve", "trap '' TERM\nsleep 1000 &\n"+tell("$$ $!")+"wait; wait") + unit("it.service", "[Service]\nExecStart=/opt/serve\nTimeoutStopSec=0.1") + "systemctl start it.service",
		"what left its group":                    "setsid sleep 1000 < /dev/null &\n" + tell("$$ $!"),
	} {
		t.Run(name, func(t *testing.T) {
			i := w.launch(script)
			pids := splitPair(t, box.next())
			require.True(t, alive(t, pids[1]), "the child of %v runs", pids)
			w.terminate(i.ID)
			for _, pid := range pids {
				require.Eventually(t, func() bool { return !alive(t, pid) }, timeout, tick, "process %s is still there", pid)
			}
			require.NoDirExists(t, filepath.Join(w.dir, "instances", i.ID))
		})
	}
}

func TestAHostThatClosesEndsAllMachinesAndKeepsTheirFolders(t *testing.T) {
	w, box := newWorld(t), newMailbox(t)
	i := w.launch("sleep 1000 &\necho $$ $! > " + box.path + "\nwait")
	pids := splitPair(t, box.next())
	w.close()
	for _, pid := range pids {
		require.False(t, alive(t, pid))
	}
	require.DirExists(t, filepath.Join(w.dir, "instances", i.ID))
}
