package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/secrets"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
)

const (
	service = "lablink-allocator.service"
	// switchingFile is there while the host is switched over: see host.Update.
	switchingFile = host.ConfigDir + "/switching-from-release"
)

// Limits say how long each part of an update may take. The turn is asked for three times,
// a rehearsal's time is allowed three times (the new release, the one before, and removing
// the copy), and Start twice, where a release is given up: together that is less than
// five minutes, of which Copy is two. The update's unit allows a minute more than that, for
// downloads.
type Limits struct {
	// Fetch is how long an object that is not there is asked for again.
	Fetch time.Duration
	// Copy is how long a copy of the databases may take.
	Copy time.Duration
	// Ask is how long it may take to ask whose turn it is to switch.
	Ask time.Duration
	// Turn is how long a host's turn lasts that does not give it back. It is longer than
	// a copy and its rehearsals may take, and than a switch and the way back.
	Turn time.Duration
	// Rehearsal is how long a release may take to become ready on a copy.
	Rehearsal time.Duration
	// Start is how long it may take to become ready in the place of another, which lets
	// others of several hosts take over before it ends.
	Start time.Duration
	// Watch is how long it must serve from then on to count as good.
	Watch time.Duration
	// Silence is how long it may be out of order meanwhile.
	Silence time.Duration
}

// Standard are the limits on a host.
var Standard = Limits{Fetch: 20 * time.Second, Copy: 2 * time.Minute, Ask: 15 * time.Second, Turn: 4 * time.Minute, Rehearsal: 15 * time.Second, Start: 15 * time.Second, Watch: 20 * time.Second, Silence: 3 * time.Second}

// Updater brings the host to the release that the pointer names.
type Updater struct {
	// Program is the file of this program.
	Program    string
	Config     Config
	Parameters secrets.SSM
	Objects    Objects
	Limits     Limits
	// Out is the log.
	Out io.Writer
	Now func() time.Time

	turnBy string // the settings by which this host took the turn to switch; "" while it has not
}

// Run looks at the pointer once. A release that turns out bad is given up, told
// in the host's rollout, and not tried again until the pointer is set. What goes
// wrong for another reason is told there too, and tried again by the next call, which
// also finishes what is interrupted.
func (u *Updater) Run(ctx context.Context) error {
	unlock, err := host.LockUpdates()
	if err != nil {
		return err
	}
	defer unlock()
	wanted, version, err := secrets.ReadVersion(ctx, u.Parameters, u.Config.Pointer)
	if err != nil {
		return err
	}
	known, err := readRollout()
	if err != nil { // the next host reads it too, so it may not stay so
		fmt.Fprintf(u.Out, "what is known of earlier updates is lost: %s\n", err)
	}
	next := rollout{Rollout: api.Rollout{Wanted: wanted}, Served: u.served(ctx, known.Served)}
	if known.Wanted == wanted {
		next.Waiting = known.Waiting
	}
	if known.Failed != nil && known.Failed.Release == wanted && known.FailedPointer == version {
		next.Failed, next.FailedPointer, wanted = known.Failed, version, ""
	}
	if err := known.follow(next); err != nil {
		return err
	}
	failed := false
	update := host.Update{
		Switching: switchingFile, Binary: binary, Service: service, Start: u.Limits.Start, Kill: true, Out: u.Out, Now: u.Now,
		Prepare: u.prepare, Up: u.awaitAnswer, Watch: u.watch,
		Ready: func(ctx context.Context, before string) bool { return ask(ctx, u.data(), before) == nil },
		Failed: func(f api.FailedRelease) error {
			failed = true
			return next.follow(rollout{Rollout: api.Rollout{Wanted: f.Release, Failed: &f}, FailedPointer: version, Served: next.Served})
		},
	}
	err = update.Run(ctx, wanted)
	u.giveTurn(ctx)
	if failed || ctx.Err() != nil {
		return err
	}
	after := next
	after.Waiting = ""
	if err != nil {
		after.Waiting = shorten(err)
	}
	if errors.Is(err, errOthersTurn) { // nothing is wrong
		fmt.Fprintln(u.Out, err)
		err = nil
	}
	return errors.Join(err, next.follow(after))
}

// served is the release that serves, unless it has yet to show that it is good.
func (u *Updater) served(ctx context.Context, last string) string {
	now := host.Current()
	if now == last {
		return last
	}
	if under, err := Switching(); err != nil || under || judge(ask(ctx, u.data(), now), false) != nil {
		return last
	}
	return now
}

// prepare fetches a release, takes this host's turn and, where it is another release
// than before, rehearses it. The turn is taken once more then: it may have been long.
func (u *Updater) prepare(ctx context.Context, before, wanted string) error {
	if err := host.FetchAgain(ctx, get(u.Objects, u.Config.Bucket), wanted, parts, u.Limits.Fetch); err != nil {
		return err
	}
	if err := u.takeTurn(ctx, wanted); err != nil || wanted == before {
		return err
	}
	if err := u.rehearseOnCopy(ctx, before, wanted); err != nil {
		return err
	}
	return u.takeTurn(ctx, wanted)
}

// Switching reports whether the release that runs has yet to show that it is good.
func Switching() (bool, error) {
	begun, err := host.ReadSwitch(switchingFile)
	return begun.From != "", err
}
