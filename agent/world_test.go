package agent_test

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	gpus "github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/agent/inject"
	"github.com/talmolab/lablink-infrastructure/api"
)

// lookEvery is the time between two looks at the GPUs in these tests.
const lookEvery = 5 * time.Second

// world is an agent with everything around it played by the test. It lives in
// a synctest bubble.
type world struct {
	nvml      *fakeNVML
	broken    *inject.Injector // its GPUs, where they are to be broken; nil: nvml
	allocator *fakeAllocator
	store     *fakeStore
	logs      *logs
	logbook   *agent.Logbook
	looks     atomic.Int64
	talks     atomic.Int64 // how often it was said
	follow    func(release string) error
	join      string // the join token
	release   string // that the machine is at
	failed    *api.FailedRelease
	notices   *fakeNotices
	runner    *fakeRunner  // of set-ups; nil: nothing is set up
	fetcher   *fakeRunner  // of the images of desktops; nil: there are none
	shows     func() error // what the machine lacks to show a desktop
	memory    *fakeMemory
	setup     *agent.Setup
	usage     *agent.Usage
	upkeep    *agent.Upkeep
	every     time.Duration // between two looks; 0: lookEvery
	seed      uint32        // of its chances
	stop      func()
	done      chan error
}

func newWorld() *world {
	return &world{
		nvml:      &fakeNVML{devices: []*fakeGPU{gpu("GPU-a")}},
		allocator: &fakeAllocator{sums: map[string]string{}, interval: 30, broken: make(chan struct{})},
		store:     &fakeStore{},
		logs:      &logs{},
	}
}

// start runs the agent until the test ends, or stop is called.
func (w *world) start(t *testing.T) *world {
	ctx, cancel := context.WithCancel(t.Context())
	looks := time.NewTicker(cmp.Or(w.every, lookEvery))
	var random atomic.Uint32
	random.Store(w.seed)
	var notices agent.Notices
	if w.notices != nil {
		notices = w.notices
	}
	if w.runner != nil {
		w.setup = &agent.Setup{
			Runner: w.runner, Memory: w.memory, Now: time.Now, Log: slog.New(slog.NewTextHandler(w.logs, nil)),
			Said:   func(level, line string) { w.logbook.Add(level, "set-up", line) },
			Random: func() float64 { return float64(random.Add(0x9E3779B9)) / (1 << 32) },
		}
		if w.fetcher != nil {
			w.setup.Fetch = w.fetcher
		}
	}
	var nvml gpus.NVML = w.nvml
	if w.broken != nil {
		nvml = w.broken
	}
	watches := time.NewTicker(cmp.Or(w.every, 5*time.Second))
	a := agent.New(agent.Config{
		Notices: notices, Watches: watches.C,
		Machine: agent.NewMachine(nvml, agent.About{
			Version: "v1.2.3", BootID: "boot-1",
			Setup: w.setup, Shows: w.shows, Usage: w.usage,
			Release: func() string { return w.release }, Failed: func() *api.FailedRelease { return w.failed },
		}, time.Now),
		Allocator:  w.allocator,
		Prover:     w.allocator,
		JoinToken:  w.join,
		Identities: w.store,
		Dialer:     w.allocator,
		Looks:      looks.C,
		Follow:     w.follow,
		Upkeep:     w.upkeep,
		Logbook:    w.logbook,
		Now:        time.Now,
		Random:     func() float64 { return float64(random.Add(0x9E3779B9)) / (1 << 32) },
		Alive:      func() { w.looks.Add(1) },
		Talks:      func() { w.talks.Add(1) },
		Log:        slog.New(slog.NewTextHandler(w.logs, nil)),
	})
	w.done = make(chan error, 1)
	go func() { w.done <- a.Run(ctx) }()
	w.stop = sync.OnceFunc(func() {
		cancel()
		looks.Stop()
		watches.Stop()
		require.NoError(t, <-w.done)
	})
	t.Cleanup(w.stop)
	return w
}
