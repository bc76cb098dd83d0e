package boot

import (
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

	"github.com/talmolab/lablink-infrastructure/allocator/secrets"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

const (
	service = "lablink-allocator.service"
	// switchingFile is there while the host is switched over, and names the release
	// that was good before: the link is another one by then, and says nothing of
	// what runs.
	switchingFile = host.ConfigDir + "/switching-from-release"
)

// Limits say how long each part of an update may take. Together they are less
// than a minute.
type Limits struct {
	// Fetch is how long an object that is not there is asked for again.
	Fetch time.Duration
	// Rehearsal is how long a release may take to become ready on a copy.
	Rehearsal time.Duration
	// Start is how long it may take to become ready in the place of another.
	Start time.Duration
	// Watch is how long it must serve from then on to count as good.
	Watch time.Duration
	// Silence is how long it may be out of order meanwhile.
	Silence time.Duration
}

// Standard are the limits on a host.
var Standard = Limits{Fetch: 20 * time.Second, Rehearsal: 15 * time.Second, Start: 10 * time.Second, Watch: 20 * time.Second, Silence: 3 * time.Second}

// Updater brings the host to the release that the pointer names.
type Updater struct {
	Config     Config
	Parameters secrets.SSM
	Objects    Objects
	Limits     Limits
	// Out is the log.
	Out io.Writer
	Now func() time.Time
}

// Run looks at the pointer once. A release that turns out bad is given up, told
// in the host's rollout, and not tried again until the pointer is set. What is
// interrupted, the next call finishes.
func (u *Updater) Run(ctx context.Context) error {
	wanted, version, err := secrets.ReadVersion(ctx, u.Parameters, u.Config.Pointer)
	if err != nil {
		return err
	}
	before, err := readSwitching()
	if err != nil {
		return err
	}
	interrupted := before != ""
	if !interrupted {
		before = host.Current()
	}
	now, err := readRollout()
	if err != nil {
		return err
	}
	next := rollout{Rollout: api.Rollout{Wanted: wanted}}
	if now.Failed != nil && now.Failed.Release == wanted && now.FailedPointer == version {
		next, wanted = now, before
	} else if next.Rollout != now.Rollout {
		if err := next.write(); err != nil {
			return err
		}
	}
	if wanted == before && !interrupted {
		return nil
	}
	fmt.Fprintf(u.Out, "updating to release %s\n", wanted)
	err = u.try(ctx, before, wanted)
	var bad *host.Fault
	if !errors.As(err, &bad) || wanted == before {
		return err
	}
	next.FailedPointer, next.Failed = version, &api.FailedRelease{Release: wanted, Reason: bad.Error(), At: u.Now().UTC()}
	// Written first: whatever cuts this short, the bad one is not tried again.
	if err := next.write(); err != nil {
		return errors.Join(bad, err)
	}
	return u.giveUp(ctx, before, wanted, bad)
}

// try makes a release the one that runs, if it is good.
func (u *Updater) try(ctx context.Context, before, wanted string) error {
	if err := host.FetchAgain(ctx, get(u.Objects, u.Config.Bucket), wanted, parts, u.Limits.Fetch); err != nil {
		return err
	}
	if wanted != before {
		if err := u.rehearse(ctx, wanted); err != nil {
			return err
		}
	}
	ready := ask(ctx, host.Path(DataDir), before) == nil
	if err := host.WriteFile(switchingFile, []byte(before+"\n"), 0o644); err != nil {
		return err
	}
	err := u.switchTo(ctx, wanted, ready)
	if err == nil && wanted != before {
		err = u.watch(ctx, wanted, ready)
	}
	if err != nil && ctx.Err() != nil { // that says nothing of the release
		return fmt.Errorf("the update to release %s was interrupted, the next one finishes it: %w", wanted, ctx.Err())
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(u.Out, "release %s runs\n", wanted)
	return errors.Join(os.Remove(host.Path(switchingFile)), host.Prune(wanted, before))
}

// giveUp goes back to the release that ran before, where the host was switched.
func (u *Updater) giveUp(ctx context.Context, before, wanted string, bad error) error {
	bad = fmt.Errorf("release %s is no good: %w", wanted, bad)
	switched, err := readSwitching()
	if err != nil {
		return errors.Join(bad, err)
	}
	if switched == "" {
		return errors.Join(fmt.Errorf("%w; release %s goes on", bad, before), host.Drop(wanted))
	}
	// It gets no time to end: it may hang, and callers wait.
	kill := host.SetCurrent(before)
	if kill == nil {
		kill = host.Systemctl(ctx, "kill", "--signal=SIGKILL", service)
	}
	if err := u.switchTo(ctx, before, false); err != nil {
		return errors.Join(bad, fmt.Errorf("going back to release %s: %w", before, err), kill)
	}
	return errors.Join(fmt.Errorf("%w; release %s runs again", bad, before), os.Remove(host.Path(switchingFile)), host.Drop(wanted))
}

// switchTo makes a release the one that runs, and waits until it serves. Its own
// binary installs its units.
func (u *Updater) switchTo(ctx context.Context, sum string, ready bool) error {
	if err := host.SetCurrent(sum); err != nil {
		return err
	}
	limited, cancel := context.WithTimeout(ctx, u.Limits.Start)
	defer cancel()
	program := filepath.Join(host.Path(host.CurrentLink), binary)
	if out, err := exec.CommandContext(limited, program, "units").CombinedOutput(); err != nil {
		return host.Faultf("it does not install its units: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := host.Systemctl(limited, "restart", service); err != nil {
		if limited.Err() != nil {
			return host.Faultf("it did not start within %s", u.Limits.Start)
		}
		return host.Faultf("it did not start: %w", err)
	}
	return u.awaitAnswer(limited, sum, ready)
}

// Switching reports whether the release that runs has yet to show that it is good.
func Switching() (bool, error) {
	before, err := readSwitching()
	return before != "", err
}

// readSwitching is the release that a switch began with, or "" when there is none
// under way.
func readSwitching() (string, error) {
	raw, err := os.ReadFile(host.Path(switchingFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read how far an earlier update came: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}
