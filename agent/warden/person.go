package warden

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// User is whom sessions run as: an ordinary user without sudo, docker or a password.
const User = "lablink-session"

// System is the session's user as the machine has it.
type System struct{}

var _ Person = System{}

// Ready makes the user, and closes instance metadata to it.
func (s System) Ready(ctx context.Context) error {
	_, err := user.Lookup(User)
	if unknown(err) {
		if err := run(ctx, "useradd", "--system", "--user-group", "--home-dir", Home, "--no-create-home", "--shell", "/bin/bash", User); err != nil {
			return err
		}
	}
	if _, _, err := ids(User); err != nil {
		return err
	}
	return s.Fence(ctx)
}

// Fence closes instance metadata to the user, and what would run for it outside of its
// session: that is begun by others, who know of no fence.
func (System) Fence(ctx context.Context) error {
	u, err := user.Lookup(User)
	if unknown(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("find the session's user: %w", err)
	}
	return errors.Join(fence(ctx, u.Uid), alone(ctx, u.Uid))
}

func unknown(err error) bool {
	var is user.UnknownUserError
	return errors.As(err, &is)
}

// Own makes a folder the user's, and its group the agent's, which may look: work is
// collected from there. So does what is made in it.
func (System) Own(dir string) error {
	o, err := whose()
	if err != nil {
		return err
	}
	return own(dir, o, true)
}

// OwnAll makes what is in a folder the user's, and its group the agent's.
func (System) OwnAll(dir string) error {
	o, err := whose()
	if err != nil {
		return err
	}
	return ownAll(dir, o)
}

// whose is the session's user, and the agent's group.
func whose() (o owner, err error) {
	if o.uid, o.gid, err = ids(User); err != nil {
		return o, err
	}
	_, o.agents, err = ids(host.User)
	return o, err
}

// Keep takes a folder from whoever has it: who works here could change what others begin
// with.
func (System) Keep(dir string) error {
	if err := keepAll(dir); err != nil {
		return fmt.Errorf("keep %s: %w", dir, err)
	}
	return nil
}

// KeepSetUp makes root's what the user left in scratch folders. They can read it.
func (System) KeepSetUp() error {
	uid, gid, err := ids(User)
	if unknown(err) {
		return nil // nothing was set up
	}
	if err == nil {
		err = keepScratch(uid, func(held *os.File) error { return keepForAll(held, gid) })
	}
	if err != nil {
		return fmt.Errorf("keep what the machine was set up with: %w", err)
	}
	return nil
}

// Forget kills what the user runs, and removes what it left in the folders of everybody.
func (System) Forget(ctx context.Context) error {
	uid, _, err := ids(User)
	if unknown(err) {
		return nil // nobody ever was here
	}
	if err != nil {
		return err
	}
	return forget(uid, func() error { return killAll(ctx, uid) })
}

func ids(name string) (uid, gid int, err error) {
	u, err := user.Lookup(name)
	if err != nil {
		return 0, 0, fmt.Errorf("find the user %s: %w", name, err)
	}
	uid, err = strconv.Atoi(u.Uid)
	if err == nil {
		gid, err = strconv.Atoi(u.Gid)
	}
	if err != nil {
		return 0, 0, fmt.Errorf("find the numbers of the user %s: %w", name, err)
	}
	if uid == 0 {
		return 0, 0, fmt.Errorf("the user %s is root, and must be an ordinary one", name)
	}
	return uid, gid, nil
}

// killTimeout is how long processes may take to be gone once they were killed.
const killTimeout = 5 * time.Second

// killAll ends every process of a user. It looks again until there is none: one may have
// begun another meanwhile.
func killAll(ctx context.Context, uid int) error {
	ctx, cancel := context.WithTimeout(ctx, killTimeout)
	defer cancel()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		pids, err := processes(uid)
		if err != nil || len(pids) == 0 {
			return err
		}
		for _, pid := range pids {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone meanwhile is as good
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d programs of the session before do not end", len(pids))
		case <-tick.C:
		}
	}
}

// processes are those of a user that still run.
func processes(uid int) (pids []int, err error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("look what the session's user runs: %w", err)
	}
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		raw, err := os.ReadFile("/proc/" + e.Name() + "/status")
		if err != nil {
			continue // it has ended
		}
		if runsAs(string(raw), uid) {
			pids = append(pids, pid)
		}
	}
	return pids, nil
}

// runsAs reads /proc/PID/status. A zombie runs no more.
func runsAs(status string, uid int) bool {
	for line := range strings.Lines(status) {
		key, value, _ := strings.Cut(line, ":")
		fields := strings.Fields(value)
		switch {
		case len(fields) == 0:
		case key == "State" && (fields[0] == "Z" || fields[0] == "X"):
			return false
		case key == "Uid":
			return fields[0] == strconv.Itoa(uid) || len(fields) > 1 && fields[1] == strconv.Itoa(uid)
		}
	}
	return false
}

// run runs a program, which ends with this one.
func run(ctx context.Context, name string, args ...string) error {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w: %s", name, strings.Join(args, " "), err, strings.TrimSpace(string(out)))
	}
	return nil
}
