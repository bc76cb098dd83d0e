package agent

import (
	"context"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// About names the program and this boot of the machine in all that the agent
// says.
type About struct {
	// Version is the agent's version.
	Version string
	// BootID changes with each boot of the machine.
	BootID string
	// Release is the release that the machine is at, or "". Optional.
	Release func() string
	// Session is what the machine's participant works in. Optional: it has no desktop.
	Session func() *api.SessionStatus
	// Setup makes of the machine what its workshop needs. Optional: nothing does.
	Setup *Setup
	// Shows says what the machine lacks to show any desktop. It is asked once nothing is to be
	// set up any more. Optional: it needs nothing.
	Shows func() error
	// Usage measures what is done in sessions. Optional: nothing does.
	Usage *Usage
	// Host says what the machine is like beside its GPUs. Optional: nothing does.
	Host Host
	// Failed is a release that this machine gave up, if any. Optional.
	Failed func() *api.FailedRelease
	// Kept keeps what is known of the GPUs over a restart of the agent. Optional.
	Kept gpu.Keeper
	// Log is told what is not known of the GPUs, and why. Optional.
	Log *slog.Logger
}

func (a About) release() string {
	if a.Release == nil {
		return ""
	}
	return a.Release()
}

func (a About) session() *api.SessionStatus {
	if a.Session == nil {
		return nil
	}
	return a.Session()
}

// Machine is the computer that the agent runs on. Its methods may be called
// from several goroutines.
type Machine struct {
	gpus    *gpu.GPUs
	about   About
	now     func() time.Time
	changes *changes

	turn   sync.Mutex // who makes a status of what was seen
	notice atomic.Pointer[api.Interruption]
	host   hostWatch

	mu     sync.Mutex
	looked bool
	last   api.Status
}

// verdict is how well the machine is, and why it is not.
type verdict struct {
	health api.Health
	reason string
}

// NewMachine returns a machine that is looked at through nvml. Nothing is
// loaded before the first look. Now is the clock.
func NewMachine(nvml gpu.NVML, about About, now func() time.Time) *Machine {
	gpus := gpu.New(gpu.Config{NVML: nvml, Boot: about.BootID, Keeper: about.Kept, Now: now, Log: about.Log})
	return &Machine{gpus: gpus, about: about, now: now, changes: newChanges()}
}

// Status looks at the machine and says how it is at this moment. A change of
// health since the look before is kept for the allocator. A driver that does not answer
// is waited for for seconds, and once.
func (m *Machine) Status() api.Status { return m.status(context.Background()) }

// status does not wait for a driver any more once ctx has ended.
func (m *Machine) status(ctx context.Context) api.Status {
	m.gpus.Look(ctx)
	m.turn.Lock()
	defer m.turn.Unlock()
	seen := m.gpus.Seen() // another one's look may have been newer
	v := verdict{seen.Health, seen.Reason}
	var setup *api.SetupStatus // of this moment, as the health goes with it
	if m.about.Setup != nil {
		setup = m.about.Setup.Status()
		v = m.showing(*setup, setupHealth(*setup, v))
	}
	if m.about.Host != nil {
		v = m.host.health(m.about.Host, m.now(), v)
	}
	status := api.Status{
		At:      m.now().UTC(),
		Version: m.about.Version,
		Health:  v.health,
		Reason:  v.reason,
		Action:  seen.Action,
		Note:    seen.Note,
		Inventory: api.Inventory{
			Driver: seen.Driver,
			GPUs:   append([]api.GPU{}, seen.GPUs...),
			Note:   seen.Absent,
		},
		Readings: seen.Readings,
		Session:  m.about.session(),
		Setup:    setup,
		Host:     m.hostFacts(),
	}
	m.found(status)
	return status
}

// found keeps what a look found, and what changed for the allocator.
func (m *Machine) found(status api.Status) {
	m.mu.Lock()
	was, looked := m.last, m.looked
	m.looked, m.last = true, status
	m.mu.Unlock()
	if looked && was.SaysOther(status) {
		m.changes.add(m.report(status))
	}
}

// Last is what the last look found, and whether there was one.
func (m *Machine) Last() (api.Status, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.last, m.looked
}

// Counts are the events of the GPUs since the agent began.
func (m *Machine) Counts() []gpu.Counted { return m.gpus.Counts() }

// Watch waits for what the GPUs tell by themselves, until ctx ends.
func (m *Machine) Watch(ctx context.Context) { m.gpus.Watch(ctx) }

// News receives a value when the GPUs told something new: it is time for a look.
func (m *Machine) News() <-chan struct{} { return m.gpus.News() }

// Close gives NVML back. A later look would load it again.
func (m *Machine) Close() error { return m.gpus.Close() }

// report is status as the allocator is told of it.
func (m *Machine) report(status api.Status) api.Report {
	var failed *api.FailedRelease
	if m.about.Failed != nil {
		failed = m.about.Failed()
	}
	var use *api.SessionUse
	var over []api.SessionUse
	if m.about.Usage != nil {
		use, over = m.about.Usage.Report()
	}
	return api.Report{
		Setup:    status.Setup,
		Use:      use,
		Ended:    over,
		Host:     status.Host,
		Release:  m.about.release(),
		Failed:   failed,
		At:       status.At,
		Protocol: api.Protocol,
		Version:  m.about.Version,
		BootID:   m.about.BootID,
		Health:   status.Health,
		Reason:   status.Reason,
		Action:   status.Action,
		Note:     status.Note,
		Readings: status.Readings,
		Session:  status.Session,

		Interruption: m.notice.Load(),
	}
}
