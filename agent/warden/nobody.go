package warden

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strconv"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// Nobody is the session's user where machines have no users of their own, as simulated
// ones: sessions belong to who runs the machine.
type Nobody struct{}

var _ Person = Nobody{}

// Ready has nothing to see to.
func (Nobody) Ready(context.Context) error { return nil }

// Fence has nothing to close.
func (Nobody) Fence(context.Context) error { return nil }

// Own leaves things as they are.
func (Nobody) Own(string) error { return nil }

// OwnAll leaves things as they are.
func (Nobody) OwnAll(string) error { return nil }

// Keep leaves things as they are.
func (Nobody) Keep(string) error { return nil }

// KeepSetUp leaves things as they are.
func (Nobody) KeepSetUp() error { return nil }

// Forget has nobody to forget.
func (Nobody) Forget(context.Context) error { return nil }

// Systemd is the machine's.
type Systemd struct{}

var _ Units = Systemd{}

// Start starts a unit, and returns when it is ready. That it ended too often before counts
// no more.
func (Systemd) Start(ctx context.Context, unit string) error {
	_ = host.Systemctl(ctx, "reset-failed", unit) // one that never ran has nothing to forget
	return host.Systemctl(ctx, "start", unit)
}

// Shown is how a unit is: whether systemd gave it up, and how often it started it again.
func (Systemd) Shown(ctx context.Context, unit string) (givenUp bool, restarts int, err error) {
	out, err := exec.CommandContext(ctx, "systemctl", "show", "--property=ActiveState,NRestarts", unit).Output()
	if err != nil {
		return false, 0, fmt.Errorf("ask systemd how %s is: %w", unit, err)
	}
	for line := range strings.Lines(string(out)) {
		switch name, value, _ := strings.Cut(strings.TrimSpace(line), "="); name {
		case "ActiveState":
			givenUp = value == "failed"
		case "NRestarts":
			if restarts, err = strconv.Atoi(value); err != nil {
				return false, 0, fmt.Errorf("ask systemd how often %s was started: %w", unit, err)
			}
		}
	}
	return givenUp, restarts, nil
}

// notLoaded is how systemctl ends for a unit that is not there.
const notLoaded = 5

// Stop stops units, one after the other, and returns when they have ended. One that is not
// there has. That one was given up before is nothing of who comes next: systemd remembers it
// after a stop, too.
func (Systemd) Stop(ctx context.Context, units ...string) error {
	var failed error
	for _, unit := range units {
		err := host.Systemctl(ctx, "stop", unit)
		var ended *exec.ExitError
		if !errors.As(err, &ended) || ended.ExitCode() != notLoaded {
			failed = errors.Join(failed, err)
		}
	}
	// One that did not fail, or is not there, has nothing to forget, and the others do all the same.
	_ = host.Systemctl(ctx, append([]string{"reset-failed"}, units...)...)
	return failed
}
