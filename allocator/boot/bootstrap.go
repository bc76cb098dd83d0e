package boot

import (
	"context"
	"embed"
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

// Bootstrap sets up the host for a release whose binary is here already. A host
// without a data volume, one of several, keeps nothing that must outlive it.
func Bootstrap(ctx context.Context, out io.Writer, c Config, release, volume string, objects Objects) error {
	data := []host.Step{
		{Name: "volume", Do: func(context.Context) error { return findVolume(volume) }},
		{Name: "format", Do: func(ctx context.Context) error { return formatVolume(ctx, volume) }},
		{Name: "mount", Do: func(ctx context.Context) error { return mountVolume(ctx, volume) }},
	}
	if volume == "" {
		data = []host.Step{{Name: "data", Do: makeDataDir}, {Name: "user", Do: ownDataDir}}
	}
	return host.Run(ctx, out, slices.Concat([]host.Step{{Name: "user", Do: host.MakeUser}}, data, []host.Step{
		{Name: "release", Do: func(ctx context.Context) error {
			if err := host.WriteJSON(configFile, c); err != nil {
				return err
			}
			if err := host.Fetch(ctx, get(objects, c.Bucket), release, parts); err != nil {
				return err
			}
			return host.SetCurrent(release)
		}},
		{Name: "units", Do: InstallUnits},
		{Name: "start", Do: func(ctx context.Context) error {
			return host.Systemctl(ctx, append([]string{"enable", "--now"}, started...)...)
		}},
	}))
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
