package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/host"
	"github.com/talmolab/lablink-infrastructure/api/release"
)

const (
	binary  = "lablink-agent"
	service = "lablink-agent.service"
	// failedFile is the release that this machine gave up last.
	failedFile = host.ConfigDir + "/agent-failed.json"
	// switchingFile is there while the machine is switched over: see host.Update.
	switchingFile = host.ConfigDir + "/agent-switching-from-release"
)

// WantedFile is where the agent writes, in the folder of its state, which release
// its allocator wants.
func WantedFile(state string) string { return filepath.Join(state, "wanted-release") }

// Limits say how long each part of an update may take.
type Limits struct {
	Fetch time.Duration // to ask again for an object that is not there
	Start time.Duration // until the agent says that it is ready
	Watch time.Duration // for which it must go on from then, to count as good
	Talk  time.Duration // until it and its allocator understand each other
	Pause time.Duration // that an agent makes at most between two tries to talk
	Look  time.Duration // between two looks at it meanwhile
}

// Standard are the limits on a machine.
var Standard = Limits{Fetch: 20 * time.Second, Start: 30 * time.Second, Watch: 15 * time.Second, Talk: time.Minute, Pause: time.Minute, Look: 500 * time.Millisecond}

// Updater brings the machine to the release that its agent was told of.
type Updater struct {
	// State is the folder of the agent's state.
	State string
	Get   host.Get
	// Session is which session there is on the machine, or "".
	Session func() (string, error)
	// There is nil while the allocator answers this program.
	There  func(ctx context.Context) error
	Limits Limits
	Out    io.Writer // the log
	Now    func() time.Time

	away bool // whether the allocator answered neither the new agent nor this program
}

// Run looks once. While there is a session it begins nothing: what it restarts is the
// agent under a participant. A release whose agent does not come up, or does not get on with
// the allocator, is given up, told with the agent's reports, and not tried again until another
// one is wanted. What is interrupted, the next call finishes, whoever is there: what runs then
// has yet to show that it is good.
func (u *Updater) Run(ctx context.Context) error {
	unlock, err := host.LockUpdates()
	if err != nil {
		return err
	}
	defer unlock()
	wanted, err := u.wanted()
	if err != nil || wanted == "" {
		return err
	}
	failed, err := Failed()
	if err != nil {
		return err
	}
	switch {
	case failed == nil:
	case failed.Release == wanted:
		wanted = ""
	default: // it is tried again when it is wanted again
		if err := os.Remove(host.Path(failedFile)); err != nil {
			return fmt.Errorf("forget which release was given up: %w", err)
		}
	}
	begun, err := host.ReadSwitch(switchingFile)
	if err != nil {
		return err
	}
	update := u.update(begun.From != "")
	if begun.From == "" {
		if wanted == "" || wanted == host.Current() {
			return nil
		}
		if err := u.mayBegin(ctx); err != nil {
			return u.later(err)
		}
	}
	return u.later(update.Run(ctx, wanted))
}

// update is what an update consists of. One that was begun is not held up any more.
func (u *Updater) update(begun bool) *host.Update {
	return &host.Update{
		Switching: switchingFile, Binary: binary, Service: service, Start: u.Limits.Start, Out: u.Out, Now: u.Now,
		Prepare: func(ctx context.Context, _, wanted string) error {
			err := host.FetchAgain(ctx, u.Get, wanted, parts, u.Limits.Fetch)
			if err == nil && !begun { // somebody may have come meanwhile
				err = u.free()
			}
			return err
		},
		Ready: func(context.Context, string) bool { return u.talks() == yes },
		Up:    func(context.Context, string, bool) error { return nil }, // systemd waits until the agent says so
		Watch: u.watch,
		Failed: func(f api.FailedRelease) error {
			if u.away {
				return nil // nothing is held against it
			}
			return host.WriteJSON(failedFile, f)
		},
	}
}

// wanted is what the agent wrote. The file is the agent's, so what is no release is
// not repeated.
func (u *Updater) wanted() (string, error) {
	raw, err := host.ReadNote(WantedFile(u.State))
	if errors.Is(err, fs.ErrNotExist) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read which release the allocator wants: %w", err)
	}
	sum := strings.TrimSpace(string(raw))
	if !release.IsSum(sum) {
		return "", errors.New("the agent wants something that is no release")
	}
	return sum, nil
}

// parts are what this machine needs of a release: the binary.
func parts(m release.Manifest) ([]host.Part, error) {
	platform := "linux/" + runtime.GOARCH
	program, ok := m.Agent[platform]
	if !ok {
		return nil, fmt.Errorf("it has no agent for %s", platform)
	}
	return []host.Part{{File: program, Name: binary, Mode: 0o755}}, nil
}

// Failed is the release that this machine gave up last, or nil.
func Failed() (*api.FailedRelease, error) {
	f := &api.FailedRelease{}
	err := host.ReadJSON(failedFile, f)
	if err == nil {
		return f, nil
	}
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return nil, err
}
