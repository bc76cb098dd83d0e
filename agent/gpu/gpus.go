package gpu

import (
	"log/slog"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Config is what GPUs are made of.
type Config struct {
	// NVML is whom to ask. Nothing is loaded before the first look.
	NVML NVML
	// Boot changes with each boot of the machine.
	Boot string
	// Keeper keeps what is known over a restart of the agent. Optional: it is forgotten.
	Keeper Keeper
	// Now is the clock.
	Now func() time.Time
	// Log is told what does not work here. Optional.
	Log *slog.Logger
}

// GPUs are the GPUs of a machine. Its methods may be called from several goroutines;
// the driver is asked one question at a time.
type GPUs struct {
	nvml   NVML
	boot   string
	keeper Keeper
	now    func() time.Time
	log    *slog.Logger

	// What belongs to the question that is out.
	loaded  bool
	worked  bool // whether the driver found a GPU in this boot
	known   []api.GPU
	lost    []string
	best    map[string]Link
	lasting lasting
	changed bool   // something that is kept
	heard   string // the GPUs that are listened to
	ear     *ear

	mu      sync.Mutex
	out     *question
	urgent  bool // whether somebody has to be told of something before the next answer
	seen    seen
	unsaved bool

	faults   faults
	ears     chan *ear     // to be waited on
	news     chan struct{} // has a value when it is time for a look
	troubled troubled
}

// New returns the GPUs of a machine, with what was kept of them.
func New(c Config) *GPUs {
	g := &GPUs{
		nvml: c.NVML, boot: c.Boot, keeper: c.Keeper, now: c.Now, log: c.Log,
		best: map[string]Link{}, lasting: lasting{}, faults: faults{counts: map[count]uint64{}},
		ears: make(chan *ear, 1), news: make(chan struct{}, 1),
	}
	if g.log == nil {
		g.log = slog.New(slog.DiscardHandler)
	}
	if g.keeper != nil {
		kept, err := g.keeper.Load()
		if err != nil {
			g.trouble("what was known of the GPUs could not be read; going on without it", err)
		}
		g.restore(kept)
	}
	g.seen = g.snapshot()
	return g
}

// Sight is how the GPUs are at one moment.
type Sight struct {
	Driver string
	// GPUs are those that were ever seen, lost ones among them.
	GPUs []api.GPU
	// Readings are those of the last look; none while the driver does not answer.
	Readings []api.Reading
	Health   api.Health
	Action   api.Action
	Reason   string
	// Note is what is no fault and yet worth knowing, and Absent why there is no GPU.
	Note, Absent string
}

// Counted is how often a GPU told an XID, or an ECC error.
type Counted struct {
	UUID  string
	XID   uint64
	Count uint64
}

// Counts are the events since the agent began.
func (g *GPUs) Counts() []Counted {
	g.faults.mu.Lock()
	defer g.faults.mu.Unlock()
	out := make([]Counted, 0, len(g.faults.counts))
	for c, n := range g.faults.counts {
		out = append(out, Counted{c.gpu, c.xid, n})
	}
	return out
}

// release gives NVML back, with what is listened to.
func (g *GPUs) release() error {
	g.deafen()
	if !g.loaded {
		return nil
	}
	g.loaded = false
	return g.nvml.Shutdown()
}

// troubled remembers the trouble that the log was told of last.
type troubled struct {
	mu   sync.Mutex
	last string
}

// trouble tells the log, each trouble once.
func (g *GPUs) trouble(what string, err error) {
	g.troubled.mu.Lock()
	defer g.troubled.mu.Unlock()
	if text := what + err.Error(); text != g.troubled.last {
		g.troubled.last = text
		g.log.Warn(what, "error", err)
	}
}
