package boot

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// ownRelease is the folder of the program of a machine of one's own, among those of releases.
// No allocator has it, so nothing there is ever brought to another one.
const ownRelease = "own"

// ownUnits run on such a machine. Its updater does not: it has no role to fetch a release with.
var ownUnits = slices.Concat(wardens, []string{service})

// ReleasedStatus is how an agent ends whose machine of one's own was released: its unit does
// not start it again.
const ReleasedStatus = 3

// Own is a machine of one's own that shows a desktop; the names are those of the agent's flags.
type Own struct {
	Join    string `json:"join"`
	Desktop string `json:"desktop"`
	TLSName string `json:"tls_name,omitempty"`
	Trust   string `json:"trust,omitempty"`
	// Metrics is where Prometheus on the machine may ask the agent. Install says it.
	Metrics string `json:"metrics,omitempty"`
}

// Deployed reports whether a deployment set this machine up: it is none of one's own then.
func Deployed() (bool, error) {
	var is Own
	err := host.ReadJSON(configFile, &is)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil && is.Join == "", err
}

// Install sets the machine up with a program, this one, and starts it. Again it brings the
// machine to another program, or to other settings.
func (o Own) Install(ctx context.Context, out io.Writer, program string) error {
	return host.RunOnce(ctx, out, []host.Step{
		{Name: "user", Do: host.MakeUser},
		{Name: "program", Do: func(context.Context) error { return placeProgram(program) }},
		{Name: "settings", Do: o.write},
		{Name: "units", Do: InstallUnits},
		{Name: "start", Do: func(ctx context.Context) error {
			if err := host.Systemctl(ctx, append([]string{"enable"}, ownUnits...)...); err != nil {
				return err
			}
			return host.Systemctl(ctx, append([]string{"restart"}, ownUnits...)...)
		}},
	})
}

func placeProgram(program string) error {
	raw, err := os.ReadFile(program)
	if err != nil {
		return fmt.Errorf("read this program: %w", err)
	}
	if err := host.WriteFile(filepath.Join(host.ReleaseDir(ownRelease), binary), raw, 0o755); err != nil {
		return err
	}
	return host.SetCurrent(ownRelease)
}

// write writes the settings for root and the agent alone: the token in them lets a machine
// join.
func (o Own) write(context.Context) error {
	o.Metrics = metricsAt()
	if err := host.WriteJSONFor(configFile, o, 0o640); err != nil {
		return err
	}
	return host.ForServices(configFile)
}

// Uninstall takes away what Install made. Forget ends sessions and takes away what was kept
// for them, once nothing begins another one.
func Uninstall(ctx context.Context, out io.Writer, forget func(ctx context.Context) error) error {
	return host.RunOnce(ctx, out, []host.Step{
		{Name: "stop", Do: func(ctx context.Context) error {
			if _, err := os.Stat(host.Path(filepath.Join(host.UnitsDir, service))); errors.Is(err, fs.ErrNotExist) {
				return nil // an earlier call came further
			}
			return host.Systemctl(ctx, append([]string{"disable", "--now"}, ownUnits...)...)
		}},
		{Name: "sessions", Do: forget},
		{Name: "units", Do: func(ctx context.Context) error { return host.RemoveUnitsOf(ctx, unitFiles) }},
		{Name: "program", Do: func(context.Context) error {
			err := errors.Join(removed(os.Remove(host.Path(host.CurrentLink))), os.RemoveAll(host.Path(host.ReleaseDir(ownRelease))))
			leaveEmpty(host.ReleasesDir, filepath.Dir(host.ReleasesDir))
			return err
		}},
		{Name: "settings", Do: func(context.Context) error {
			err := errors.Join(os.RemoveAll(host.Path(stateDir)), removed(os.Remove(host.Path(configFile))))
			leaveEmpty(host.ConfigDir)
			return err
		}},
		{Name: "user", Do: host.RemoveUser},
	})
}

// stateDir is where the agent of a machine that was set up keeps its state.
const stateDir = "/var/lib/lablink-agent"

// removed takes it that what is not there was removed.
func removed(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

// leaveEmpty removes folders that have nothing in them any more.
func leaveEmpty(folders ...string) {
	for _, folder := range folders {
		_ = os.Remove(host.Path(folder)) // one with something in it stays
	}
}
