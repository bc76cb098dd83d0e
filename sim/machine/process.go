package machine

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// rootVariable names a machine's root directory to every process on it.
const rootVariable = "LABLINK_ROOT"

// Children are started by one thread that lives as long as the simulator, as
// the kernel ends a child with Pdeathsig when the thread that started it ends.
var spawn struct {
	once  sync.Once
	start chan func()
}

// startOwned starts a process in a group of its own that does not outlive the
// simulator, even when that is killed.
func startOwned(cmd *exec.Cmd) error {
	spawn.once.Do(func() {
		spawn.start = make(chan func())
		go func() {
			runtime.LockOSThread()
			for f := range spawn.start {
				f()
			}
		}()
	})
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid, cmd.SysProcAttr.Pdeathsig = true, syscall.SIGKILL
	done := make(chan error)
	spawn.start <- func() { done <- cmd.Start() }
	return <-done
}

func runOwned(cmd *exec.Cmd) error {
	if err := startOwned(cmd); err != nil {
		return err
	}
	return cmd.Wait()
}

// killGroup ends a process and all that it started.
func killGroup(pid int) error { return syscall.Kill(-pid, syscall.SIGKILL) }

// endAll ends every process whose environment holds a variable, such as one
// that left its group. It looks again until there is none twice, as one may have
// started another meanwhile, and one that becomes another program has no
// environment for a moment.
func endAll(variable string) {
	for none := 0; none < 2; {
		pids := having(variable)
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone meanwhile is as good
		}
		if len(pids) > 0 {
			none = 0
			runtime.Gosched()
			continue
		}
		none++
		time.Sleep(becoming)
	}
}

// becoming is longer than a process takes to become another program.
const becoming = 20 * time.Millisecond

// having are the processes with a variable in their environment. One that has
// ended, and that nobody has asked about yet, has no environment any more.
func having(variable string) []int {
	environments, _ := filepath.Glob("/proc/[0-9]*/environ") // no error for a good pattern
	var out []int
	for _, name := range environments {
		raw, err := os.ReadFile(name)
		if err != nil || !slices.Contains(strings.Split(string(raw), "\x00"), variable) {
			continue // gone, somebody else's, or not of the machine
		}
		var pid int
		if _, err := fmt.Sscanf(name, "/proc/%d/environ", &pid); err == nil && pid != os.Getpid() {
			out = append(out, pid)
		}
	}
	return out
}
