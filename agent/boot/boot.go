package boot

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"io"

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
}

//go:embed lablink-agent.service
var unit []byte

// Bootstrap sets up the machine for a release whose binary is here already.
func Bootstrap(ctx context.Context, out io.Writer, c Config, release string) error {
	return host.Run(ctx, out, []host.Step{
		{Name: "user", Do: host.MakeUser},
		{Name: "settings", Do: func(context.Context) error {
			raw, err := json.Marshal(c)
			if err != nil {
				return fmt.Errorf("keep what the user data told: %w", err)
			}
			return host.WriteFile(configFile, raw, 0o644)
		}},
		{Name: "release", Do: func(context.Context) error { return host.SetCurrent(release) }},
		{Name: "units", Do: func(ctx context.Context) error {
			return host.InstallUnits(ctx, map[string][]byte{"lablink-agent.service": unit})
		}},
		{Name: "start", Do: func(ctx context.Context) error {
			return host.Systemctl(ctx, "enable", "--now", "lablink-agent.service")
		}},
	})
}
