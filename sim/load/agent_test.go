package load

import (
	"flag"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

var agentWatched = flag.Duration("agent-watched", 2*watched, "how long an agent is watched")

// BenchmarkAgent measures the agent's own program, with four simulated GPUs, its metrics
// and the default intervals: what it keeps resident and what it needs of a core.
func BenchmarkAgent(b *testing.B) {
	g := newGround(b, deployed.SQLite)
	store := g.store(b)
	_, instances := g.stock(b, store, "desk", 1)
	_, url := g.serve(b)
	p := g.agent(b, url, instances[0])
	require.Eventually(b, func() bool {
		m, err := store.Machine(b.Context(), "mch_desk0")
		return err == nil && m.State == allocator.Ready
	}, time.Minute, 100*time.Millisecond, "its machine is not ready")
	require.NoError(b, store.Close())
	time.Sleep(watched) // what the start took is given back
	before := p.used(b)
	time.Sleep(*agentWatched)
	b.ReportMetric(100*(p.used(b)-before).Seconds()/agentWatched.Seconds(), "agent_cpu:%")
	b.Logf("of its own %.1f MiB, of its program %.1f MiB, at most %.1f MiB", p.memory(b, "RssAnon"), p.memory(b, "RssFile"), p.memory(b, "VmHWM"))
	b.ReportMetric(p.memory(b, "VmRSS"), "agent_rss:MiB")
}

// agent runs the agent of an instance, as a release is built.
func (g *ground) agent(b *testing.B, url, instance string) *process {
	b.Helper()
	agent := filepath.Join(b.TempDir(), "lablink-agent")
	build := exec.CommandContext(b.Context(), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", agent, "../../agent/cmd/lablink-agent")
	build.Env = append(os.Environ(), "CGO_ENABLED=1", "CGO_CFLAGS=-O2 -g0 -Wno-deprecated-declarations")
	said, err := build.CombinedOutput()
	require.NoError(b, err, string(said))
	c := g.credentials(b, instance)
	cmd := exec.CommandContext(b.Context(), agent, "run", "--allocator-url="+url, "--audience="+g.settings.Audience, "--region="+region, "--nvml=simulated:a10gx4", "--metrics=127.0.0.1:0")
	cmd.Env = append(os.Environ(), "AWS_ENDPOINT_URL="+g.aws, "AWS_ACCESS_KEY_ID="+c.AccessKeyID, "AWS_SECRET_ACCESS_KEY="+c.SecretAccessKey, "AWS_SESSION_TOKEN="+c.SessionToken, "AWS_EC2_METADATA_DISABLED=true", "LABLINK_ROOT="+b.TempDir())
	cmd.Stderr = os.Stderr
	return run(b, cmd)
}
