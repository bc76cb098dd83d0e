package boot

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
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
	// switchingFile is there while the machine is switched over, and names the
	// release that was good before.
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
	Look  time.Duration // between two looks at it meanwhile
}

// Standard are the limits on a machine.
var Standard = Limits{Fetch: 20 * time.Second, Start: 30 * time.Second, Watch: 15 * time.Second, Look: 500 * time.Millisecond}

// Updater brings the machine to the release that its agent was told of.
type Updater struct {
	// State is the folder of the agent's state.
	State  string
	Get    host.Get
	Limits Limits
	Out    io.Writer // the log
	Now    func() time.Time
}

// Run looks once. A release whose agent does not come up is given up, told with
// the agent's reports, and not tried again until another one is wanted. What is
// interrupted, the next call finishes.
func (u *Updater) Run(ctx context.Context) error {
	wanted, err := u.wanted()
	if err != nil || wanted == "" {
		return err
	}
	before, err := readLine(switchingFile)
	if err != nil {
		return err
	}
	interrupted := before != ""
	if !interrupted {
		before = host.Current()
	}
	failed, err := Failed()
	if err != nil {
		return err
	}
	if failed != nil && failed.Release == wanted {
		wanted = before
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
	raw, err := json.Marshal(api.FailedRelease{Release: wanted, Reason: bad.Error(), At: u.Now().UTC()})
	if err == nil {
		err = host.WriteFile(failedFile, raw, 0o644)
	}
	if err != nil {
		return errors.Join(bad, err)
	}
	return u.giveUp(ctx, before, wanted, bad)
}

// wanted is what the agent wrote. The file is the agent's, so what is no release is
// not repeated.
func (u *Updater) wanted() (string, error) {
	raw, err := os.ReadFile(WantedFile(u.State))
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

func (u *Updater) try(ctx context.Context, before, wanted string) error {
	if err := host.FetchAgain(ctx, u.Get, wanted, parts, u.Limits.Fetch); err != nil {
		return err
	}
	if err := host.WriteFile(switchingFile, []byte(before+"\n"), 0o644); err != nil {
		return err
	}
	err := u.switchTo(ctx, wanted)
	if err == nil && wanted != before {
		err = u.watch(ctx)
	}
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("the update to release %s was interrupted, the next one finishes it: %w", wanted, ctx.Err())
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(u.Out, "release %s runs\n", wanted)
	return errors.Join(os.Remove(host.Path(switchingFile)), host.Prune(wanted, before))
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

func (u *Updater) giveUp(ctx context.Context, before, wanted string, bad error) error {
	bad = fmt.Errorf("release %s is no good: %w", wanted, bad)
	switched, err := readLine(switchingFile)
	if err != nil {
		return errors.Join(bad, err)
	}
	if switched != "" {
		if err := u.switchTo(ctx, before); err != nil {
			return errors.Join(bad, fmt.Errorf("going back to release %s: %w", before, err))
		}
		err = os.Remove(host.Path(switchingFile))
	}
	return errors.Join(fmt.Errorf("%w; release %s runs", bad, before), err, host.Drop(wanted))
}

// switchTo makes a release the one that runs. Its own binary installs its units;
// systemd waits until the agent says that it is ready.
func (u *Updater) switchTo(ctx context.Context, sum string) error {
	if err := host.SetCurrent(sum); err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, u.Limits.Start)
	defer cancel()
	program := filepath.Join(host.Path(host.CurrentLink), binary)
	if out, err := exec.CommandContext(ctx, program, "units").CombinedOutput(); err != nil {
		return host.Faultf("it does not install its units: %w: %s", err, strings.TrimSpace(string(out)))
	}
	if err := host.Systemctl(ctx, "restart", service); err != nil {
		if ctx.Err() != nil {
			return host.Faultf("it was not ready within %s", u.Limits.Start)
		}
		return host.Faultf("it did not start: %w", err)
	}
	return nil
}

// watch looks on for a while whether the agent goes on.
func (u *Updater) watch(ctx context.Context) error {
	end := time.NewTimer(u.Limits.Watch)
	defer end.Stop()
	tick := time.NewTicker(u.Limits.Look)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-end.C:
			return nil
		case <-tick.C:
		}
		if err := host.Systemctl(ctx, "is-active", service); err != nil {
			return host.Faultf("it ended after it was ready: %w", err)
		}
	}
}

// Failed is the release that this machine gave up last, or nil.
func Failed() (*api.FailedRelease, error) {
	raw, err := os.ReadFile(host.Path(failedFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var f api.FailedRelease
	if err == nil {
		err = json.Unmarshal(raw, &f)
	}
	if err != nil {
		return nil, fmt.Errorf("read which release failed: %w", err)
	}
	return &f, nil
}

func readLine(path string) (string, error) {
	raw, err := os.ReadFile(host.Path(path))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return "", fmt.Errorf("read how far an earlier update came: %w", err)
	}
	return strings.TrimSpace(string(raw)), nil
}
