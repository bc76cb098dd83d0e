package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Update brings a machine from the release that runs to another one, and back where
// that one turns out bad.
type Update struct {
	// Switching is a file that is there while the machine is switched over, and names
	// the release that was good before: the link is another one by then, and says
	// nothing of what runs.
	Switching string
	// Binary is the name of the program in a release's folder. Service runs it.
	Binary, Service string
	// Start is how long a release may take until it is up.
	Start time.Duration
	// Kill gives a bad release no time to end: it may hang, and callers wait.
	Kill bool
	Out  io.Writer // the log
	Now  func() time.Time

	// Prepare fetches the wanted release, and sees to what comes before the switch.
	Prepare func(ctx context.Context, before, wanted string) error
	// Up returns when a release that systemd has started is up.
	Up func(ctx context.Context, sum string) error
	// Watch looks on for a while whether it stays so.
	Watch func(ctx context.Context, sum string) error
	// Failed keeps which release was given up, and why.
	Failed func(api.FailedRelease) error
}

// Run makes a release the one that runs; "" is the one that was good before. A bad
// one is given up. What is interrupted, the next call finishes.
func (u *Update) Run(ctx context.Context, wanted string) error {
	from, err := SwitchedFrom(u.Switching)
	if err != nil {
		return err
	}
	before := cmp.Or(from, Current())
	wanted = cmp.Or(wanted, before)
	if wanted == before && from == "" {
		return nil
	}
	fmt.Fprintf(u.Out, "updating to release %s\n", wanted)
	err = u.try(ctx, before, wanted)
	var bad *Fault
	if !errors.As(err, &bad) || wanted == before {
		return err
	}
	// Kept first: whatever cuts this short, the bad one is not tried again.
	if err := u.Failed(api.FailedRelease{Release: wanted, Reason: bad.Error(), At: u.Now().UTC()}); err != nil {
		return errors.Join(bad, err)
	}
	return u.giveUp(ctx, before, wanted, bad)
}

// SwitchedFrom is the release that a switch began with, or "" when there is none
// under way.
func SwitchedFrom(file string) (string, error) {
	raw, err := os.ReadFile(Path(file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read how far an earlier update came: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}

// try makes a release the one that runs, if it is good.
func (u *Update) try(ctx context.Context, before, wanted string) error {
	if err := u.Prepare(ctx, before, wanted); err != nil {
		return err
	}
	if err := WriteFile(u.Switching, []byte(before+"\n"), 0o644); err != nil {
		return err
	}
	err := u.switchTo(ctx, wanted)
	if err == nil && wanted != before {
		err = u.Watch(ctx, wanted)
	}
	if err != nil && ctx.Err() != nil { // that says nothing of the release
		return fmt.Errorf("the update to release %s was interrupted, the next one finishes it: %w", wanted, ctx.Err())
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(u.Out, "release %s runs\n", wanted)
	return errors.Join(os.Remove(Path(u.Switching)), Prune(wanted, before))
}

// giveUp goes back to the release that ran before, where the machine was switched.
func (u *Update) giveUp(ctx context.Context, before, wanted string, bad error) error {
	bad = fmt.Errorf("release %s is no good: %w", wanted, bad)
	switched, err := SwitchedFrom(u.Switching)
	if err != nil {
		return errors.Join(bad, err)
	}
	if switched == "" {
		return errors.Join(fmt.Errorf("%w; release %s goes on", bad, before), Drop(wanted))
	}
	var kill error
	if u.Kill {
		if kill = SetCurrent(before); kill == nil {
			kill = Systemctl(ctx, "kill", "--signal=SIGKILL", u.Service)
		}
	}
	if err := u.switchTo(ctx, before); err != nil {
		return errors.Join(bad, fmt.Errorf("going back to release %s: %w", before, err), kill)
	}
	return errors.Join(fmt.Errorf("%w; release %s runs again", bad, before), os.Remove(Path(u.Switching)), Drop(wanted))
}

// switchTo makes a release the one that runs, and waits until it is up. Its own
// binary installs its units.
func (u *Update) switchTo(ctx context.Context, sum string) error {
	if err := SetCurrent(sum); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, u.Start)
	defer cancel()
	program := filepath.Join(Path(CurrentLink), u.Binary)
	if out, err := exec.CommandContext(ctx, program, "units").CombinedOutput(); err != nil {
		return Faultf("it does not install its units: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := Systemctl(ctx, "restart", u.Service); err != nil {
		if ctx.Err() != nil {
			return Faultf("it was not ready within %s", u.Start)
		}
		return Faultf("it did not start: %w", err)
	}
	return u.Up(ctx, sum)
}

// Watch looks on for a while, again and again, until a look finds a fault.
func Watch(ctx context.Context, during, every time.Duration, look func() error) error {
	end := time.NewTimer(during)
	defer end.Stop()
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return nil
		case <-tick.C:
		}
		if err := look(); err != nil {
			return err
		}
	}
}
