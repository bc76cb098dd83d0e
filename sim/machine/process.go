package machine

import (
	"os/exec"
	"runtime"
	"sync"
	"syscall"
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
