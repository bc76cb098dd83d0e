package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Update brings a machine from the release that runs to another one, and back where
// that one turns out bad.
type Update struct {
	// Switching is a file that is there while the machine is switched over, and holds
	// the Switch: the link is another one by then, and says nothing of what runs.
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
	// Ready tells of the release before, as long as it runs, whether it is ready.
	// Optional: it is not.
	Ready func(ctx context.Context, before string) bool
	// Up returns when a release that systemd has started is up, and ready where it
	// must be: where the one before was. Else that is not this one's fault.
	Up func(ctx context.Context, sum string, mustBeReady bool) error
	// Watch looks on for a while whether it stays so.
	Watch func(ctx context.Context, sum string, mustBeReady bool) error
	// Failed keeps which release was given up, and why.
	Failed func(api.FailedRelease) error
}

// Run makes a release the one that runs; "" is the one that was good before. A bad
// one is given up. What is interrupted, the next call finishes.
func (u *Update) Run(ctx context.Context, wanted string) error {
	earlier, err := ReadSwitch(u.Switching)
	if err != nil {
		return err
	}
	before := cmp.Or(earlier.From, Current())
	wanted = cmp.Or(wanted, before)
	if wanted == before && earlier.From == "" {
		return nil
	}
	fmt.Fprintf(u.Out, "updating to release %s\n", wanted)
	err = u.try(ctx, earlier, before, wanted)
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

// Switch is what a switch began with.
type Switch struct {
	From  string // the release that was good before; "": no switch is under way
	Ready bool   // whether it was ready
}

// ready follows the release in the file of a switch.
const ready = "ready"

// ReadSwitch reads the file of a switch.
func ReadSwitch(file string) (Switch, error) {
	raw, err := os.ReadFile(Path(file))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return Switch{}, fmt.Errorf("read how far an earlier update came: %w", err)
	}
	from, how, _ := strings.Cut(strings.TrimSpace(string(raw)), " ")
	return Switch{from, how == ready}, nil
}

func (s Switch) write(file string) error {
	line := s.From
	if s.Ready {
		line += " " + ready
	}
	return WriteFile(file, []byte(line+"\n"), 0o644)
}

// try makes a release the one that runs, if it is good. What an earlier call found
// before it was interrupted counts: by now something else may run.
func (u *Update) try(ctx context.Context, begun Switch, before, wanted string) error {
	if err := u.Prepare(ctx, before, wanted); err != nil {
		return err
	}
	if begun.From == "" {
		begun = Switch{before, u.Ready != nil && u.Ready(ctx, before)}
		if err := begun.write(u.Switching); err != nil {
			return err
		}
	}
	mustBeReady := begun.Ready && wanted != before
	err := u.switchTo(ctx, wanted, mustBeReady)
	if err == nil && wanted != before {
		err = u.Watch(ctx, wanted, mustBeReady)
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
	begun, err := ReadSwitch(u.Switching)
	if err != nil {
		return errors.Join(bad, err)
	}
	if begun.From == "" {
		return errors.Join(fmt.Errorf("%w; release %s goes on", bad, before), Drop(wanted))
	}
	var kill error
	if u.Kill {
		if kill = SetCurrent(before); kill == nil {
			kill = Systemctl(ctx, "kill", "--signal=SIGKILL", u.Service)
		}
	}
	if err := u.switchTo(ctx, before, false); err != nil {
		return errors.Join(bad, fmt.Errorf("going back to release %s: %w", before, err), kill)
	}
	return errors.Join(fmt.Errorf("%w; release %s runs again", bad, before), os.Remove(Path(u.Switching)), Drop(wanted))
}

// switchTo makes a release the one that runs, and waits until it is up. Its own
// binary installs its units.
func (u *Update) switchTo(ctx context.Context, sum string, mustBeReady bool) error {
	if err := SetCurrent(sum); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, u.Start)
	defer cancel()
	if err := InstallUnitsOfCurrent(ctx, u.Binary); err != nil {
		return &Fault{err}
	}
	if err := Systemctl(ctx, "restart", u.Service); err != nil {
		if ctx.Err() != nil {
			return Faultf("it was not ready within %s", u.Start)
		}
		return Faultf("it did not start: %w", err)
	}
	return u.Up(ctx, sum, mustBeReady)
}

// Watch looks on for a while, again and again, until a look finds a fault. The last look is at
// its end: a computer that stood still meanwhile may have come to none before.
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
			return look()
		case <-tick.C:
		}
		if err := look(); err != nil {
			return err
		}
	}
}
