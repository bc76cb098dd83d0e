package process

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"os/user"
	"strings"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
)

// drain is how long output is waited for after a command has ended: what it left running
// may hold the other end.
const drain = 2 * time.Second

// Runner is agent.Runner.
type Runner struct {
	// User is who works on the desktop. Empty: who runs the agent.
	User string
	// Home is their folder, where commands run. It is made where it is missing.
	Home string
}

var _ agent.Runner = Runner{}

// Run runs a command.
func (r Runner) Run(ctx context.Context, c agent.Command, said func(line string)) error {
	limited, cancel := context.WithTimeout(ctx, c.Limit)
	defer cancel()
	cmd := exec.CommandContext(limited, c.Args[0], c.Args[1:]...)
	if err := r.prepare(cmd, c); err != nil {
		return err
	}
	out, err := newOutput(said)
	if err != nil {
		return err
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(c.Input), out.write, out.write
	cmd.WaitDelay = drain
	cmd.Cancel = func() error { return killGroup(cmd.Process.Pid) }
	err = cmd.Start()
	out.begin()
	if err == nil {
		err = cmd.Wait()
	}
	if errors.Is(err, exec.ErrWaitDelay) {
		err = nil // it ended well, and something that it started has its input
	}
	if err != nil && cmd.Process != nil {
		_ = killGroup(cmd.Process.Pid) // what a command that failed left running
	}
	out.end()
	return worded(ctx, limited, c, err)
}

// prepare says as whom and where a command runs.
func (r Runner) prepare(cmd *exec.Cmd, c agent.Command) error {
	as, err := r.who(c.Root)
	if err != nil {
		return err
	}
	if err := r.makeHome(as); err != nil {
		return err
	}
	cmd.Dir = r.Home
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Credential: as.credential}
	cmd.Env = append([]string{
		"HOME=" + r.Home, "USER=" + as.name, "LOGNAME=" + as.name, "SHELL=/bin/bash", "LANG=C.UTF-8",
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
	}, c.Env...)
	return nil
}

// account is as whom a command runs; without a credential, as who runs the agent.
type account struct {
	name       string
	credential *syscall.Credential
}

func (r Runner) who(root bool) (account, error) {
	self, err := user.Current()
	if err != nil {
		return account{}, fmt.Errorf("find out who runs the agent: %w", err)
	}
	name := r.User
	if root {
		name = "root"
	}
	if name == "" || name == self.Username {
		return account{name: self.Username}, nil
	}
	if self.Uid != "0" {
		return account{}, fmt.Errorf("it is to run as %s, and the agent runs as %s, who may not: run the agent as root", name, self.Username)
	}
	return lookUp(name)
}

// makeHome makes the home where it is missing.
func (r Runner) makeHome(as account) error {
	if _, err := os.Stat(r.Home); !errors.Is(err, fs.ErrNotExist) {
		return nil // what is wrong with it the command tells
	}
	err := os.MkdirAll(r.Home, 0o750)
	if err == nil && as.credential != nil {
		err = os.Chown(r.Home, int(as.credential.Uid), int(as.credential.Gid))
	}
	if err != nil {
		return fmt.Errorf("make the home of who works on the desktop: %w", err)
	}
	return nil
}

// worded says for people how a command ended.
func worded(ctx, limited context.Context, c agent.Command, err error) error {
	var ended *exec.ExitError
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return fmt.Errorf("it was cut short: %w", context.Cause(ctx))
	case limited.Err() != nil:
		return fmt.Errorf("it took longer than %s and was ended", plainly(c.Limit))
	case errors.As(err, &ended):
		return errors.New(status(ended))
	}
	return fmt.Errorf("it cannot be run: %w", err)
}

// status is how a program ended.
func status(e *exec.ExitError) string {
	if w, ok := e.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return "it was ended by the signal " + w.Signal().String()
	}
	return fmt.Sprintf("it ended with status %d", e.ExitCode())
}

// plainly is a time in whole minutes where it is that.
func plainly(d time.Duration) string {
	if d > time.Minute && d%time.Minute == 0 {
		return fmt.Sprintf("%d minutes", int(d.Minutes()))
	}
	return d.String()
}

func killGroup(leader int) error {
	err := syscall.Kill(-leader, syscall.SIGKILL)
	if errors.Is(err, syscall.ESRCH) {
		return os.ErrProcessDone
	}
	return err
}
