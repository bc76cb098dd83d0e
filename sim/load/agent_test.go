package load

import (
	"flag"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

var agentWatched = flag.Duration("agent-watched", 10*time.Minute, "how long an agent is watched")

// betweenUpdates is how often the timer of a machine starts its updater.
const betweenUpdates = 30 * time.Second

// BenchmarkAgent measures what LabLink has running on a machine: the agent's own program,
// with four simulated GPUs, a session whose software it looks for, notices that it asks
// instance metadata for, its metrics and the default intervals; the warden that began the
// session; and the updater. It is what they keep resident, and what they need of a core. The
// session itself is its participant's.
func BenchmarkAgent(b *testing.B) {
	g := newGround(b, deployed.SQLite)
	g.settings.Pools[0].Desktop, g.settings.Pools[0].Software = "vnc", []string{"Xvnc"}
	store := g.store(b)
	w, instances := g.stock(b, store, "desk", 1)
	_, url := g.serve(b)
	m := g.machine(b, url, instances[0])
	warden, agent := m.start(b, "warden"), m.start(b, "run")
	require.Eventually(b, func() bool {
		is, err := store.Machine(b.Context(), "mch_desk0")
		return err == nil && is.State == allocator.Ready
	}, time.Minute, 100*time.Millisecond, "its machine is not ready")
	require.NoError(b, store.Close())
	require.NoError(b, (&api.Client{URL: url}).Do(b.Context(), "POST", "/api/v1/seats", api.Claim{Code: w.JoinCode, Email: "ann@example.org"}, nil))
	require.Eventually(b, m.shows, time.Minute, 100*time.Millisecond, "its session does not begin")
	time.Sleep(min(watched, *agentWatched)) // what the start took is given back

	asked := m.asked.Load()
	agentBefore, wardenBefore := agent.used(b), warden.used(b)
	updates, updater, updaterRSS := 0, time.Duration(0), 0.0
	for end := time.Now().Add(*agentWatched); time.Now().Before(end); {
		used, resident := m.update(b)
		updates, updater, updaterRSS = updates+1, updater+used, max(updaterRSS, resident)
		time.Sleep(min(betweenUpdates, time.Until(end)))
	}
	share := func(used, of time.Duration) float64 { return 100 * used.Seconds() / of.Seconds() }
	ofAgent, ofWarden := share(agent.used(b)-agentBefore, *agentWatched), share(warden.used(b)-wardenBefore, *agentWatched)
	ofUpdater := share(updater, time.Duration(updates)*betweenUpdates)
	require.Greater(b, m.asked.Load(), asked, "nobody asked for notices")
	require.True(b, m.shows(), "the session has ended")

	b.Logf("of its own %.1f MiB, of its program %.1f MiB, at most %.1f MiB", agent.memory(b, "RssAnon"), agent.memory(b, "RssFile"), agent.memory(b, "VmHWM"))
	b.ReportMetric(ofAgent, "agent_cpu:%")
	b.ReportMetric(ofWarden, "warden_cpu:%")
	b.ReportMetric(ofUpdater, "updater_cpu:%")
	b.ReportMetric(ofAgent+ofWarden+ofUpdater, "agent_cpu_all:%")
	agentRSS, wardenRSS := agent.memory(b, "VmRSS"), warden.memory(b, "VmRSS")
	b.ReportMetric(agentRSS, "agent_rss:MiB")
	b.ReportMetric(wardenRSS, "warden_rss:MiB")
	b.ReportMetric(updaterRSS, "updater_rss:MiB")
	b.ReportMetric(agentRSS+wardenRSS, "agent_rss_all:MiB")
}
