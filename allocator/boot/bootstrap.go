package boot

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

//go:embed units
var unitFiles embed.FS

// started are the units that run on the host.
var started = []string{"lablink-allocator.socket", "lablink-allocator.service", "lablink-update.timer"}

// Bootstrap sets up the host. The binary of the release that the pointer names is
// here already, and is this one. A host without a data volume, one of several, keeps
// nothing that must outlive it.
func Bootstrap(ctx context.Context, out io.Writer, c Config, release, volume string, objects Objects) error {
	data := []host.Step{
		{Name: "volume", Do: func(context.Context) error { return findVolume(volume) }},
		{Name: "format", Do: func(ctx context.Context) error { return formatVolume(ctx, volume) }},
		{Name: "mount", Do: func(ctx context.Context) error { return mountVolume(ctx, volume) }},
		{Name: "data", Do: func(context.Context) error { return knowVolume(volume) }},
	}
	if volume == "" {
		data = []host.Step{{Name: "data", Do: makeDataDir}, {Name: "user", Do: ownDataDir}}
	}
	return host.Run(ctx, out, slices.Concat([]host.Step{{Name: "user", Do: host.MakeUser}}, data, []host.Step{
		{Name: "release", Do: func(ctx context.Context) error {
			if err := host.WriteJSON(configFile, c); err != nil {
				return err
			}
			begin, err := fetchFirst(ctx, out, get(objects, c.Bucket), release)
			if err != nil {
				return err
			}
			return host.SetCurrent(begin)
		}},
		{Name: "units", Do: func(ctx context.Context) error {
			if host.Current() == release {
				return InstallUnits(ctx)
			}
			return host.InstallUnitsOfCurrent(ctx, binary)
		}},
		{Name: "start", Do: func(ctx context.Context) error {
			return host.Systemctl(ctx, append([]string{"enable", "--now"}, started...)...)
		}},
	}))
}

// fetchFirst fetches the release that a host starts with. That is the one that
// served these data last: from there the updater comes to the one that the pointer
// names, as on a host that runs, or leaves it alone as it was given up. On new data
// it is the one that the pointer names.
func fetchFirst(ctx context.Context, out io.Writer, get host.Get, pointed string) (string, error) {
	known, err := readRollout()
	if err != nil {
		fmt.Fprintf(out, "lablink: which release served last is lost: %s\n", err)
	}
	if known.Served != "" && known.Served != pointed {
		fmt.Fprintf(out, "lablink: starting with release %s, which served last\n", known.Served)
		err := host.FetchAgain(ctx, get, known.Served, parts, Standard.Fetch)
		var bad *host.Fault
		if !errors.As(err, &bad) {
			return known.Served, err
		}
		fmt.Fprintf(out, "lablink: that one cannot be had any more, so the one that the pointer names is started: %s\n", bad)
	}
	return pointed, host.Fetch(ctx, get, pointed, parts)
}

// makeDataDir makes the folder of the data where no volume is mounted on it.
func makeDataDir(context.Context) error {
	if err := os.MkdirAll(host.Path(DataDir), 0o750); err != nil {
		return fmt.Errorf("make %s: %w", DataDir, err)
	}
	return nil
}

// InstallUnits writes this binary's unit files.
func InstallUnits(ctx context.Context) error { return host.InstallUnitsFrom(ctx, unitFiles) }

// findVolume waits until the data volume is attached: that happens after the
// instance runs, in its own time.
func findVolume(volume string) error {
	if _, err := os.Stat(host.Path(device(volume))); err != nil {
		return fmt.Errorf("the data volume %s is not attached yet", volume)
	}
	return nil
}
