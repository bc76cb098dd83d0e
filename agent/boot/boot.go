package boot

import (
	"context"
	"embed"
	"io"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api/host"
)

// configFile is where the agent reads its settings.
const configFile = host.ConfigDir + "/agent.json"

// Config is what the user data tells of the allocator; the names are those of
// the agent's flags.
type Config struct {
	AllocatorURL string `json:"allocator_url"`
	Audience     string `json:"audience"`
	Region       string `json:"region"`
	TLSName      string `json:"tls_name,omitempty"`
	Trust        string `json:"trust,omitempty"`
	Bucket       string `json:"bucket"`
	Desktop      string `json:"desktop,omitempty"`
	// Metrics is where Prometheus on the machine may ask the agent. Bootstrap says it.
	Metrics string `json:"metrics,omitempty"`
}

// metricsAt is where that is. Simulated machines share one loopback, and each takes a port
// that is free.
func metricsAt() string {
	if host.Skipped("user") {
		return "127.0.0.1:0"
	}
	return "127.0.0.1:9478"
}

//go:embed units
var unitFiles embed.FS

// started are the units that run on the machine, and wardens those that run where it shows
// a desktop.
var (
	started = []string{"lablink-agent.service", "lablink-agent-update.timer"}
	wardens = []string{"lablink-warden.service"}
)

// units are those that run on a machine.
func (c Config) units() []string {
	if c.Desktop == "" || c.Desktop == "none" {
		return started
	}
	return append(slices.Clip(wardens), started...)
}

// InstallUnits writes this binary's unit files.
func InstallUnits(ctx context.Context) error { return host.InstallUnitsFrom(ctx, unitFiles) }

// Bootstrap sets up the machine for a release whose binary is here already.
func Bootstrap(ctx context.Context, out io.Writer, c Config, release string) error {
	c.Metrics = metricsAt()
	return host.Run(ctx, out, []host.Step{
		{Name: "user", Do: host.MakeUser},
		{Name: "settings", Do: func(context.Context) error { return host.WriteJSON(configFile, c) }},
		{Name: "release", Do: func(context.Context) error { return host.SetCurrent(release) }},
		{Name: "units", Do: InstallUnits},
		{Name: "start", Do: func(ctx context.Context) error {
			return host.Systemctl(ctx, append([]string{"enable", "--now"}, c.units()...)...)
		}},
	})
}
