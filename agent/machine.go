package agent

import (
	"sync"
	"sync/atomic"
	"time"

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
	// Usage measures what is done in sessions. Optional: nothing does.
	Usage *Usage
	// Host says what the machine is like beside its GPUs. Optional: nothing does.
	Host Host
	// Failed is a release that this machine gave up, if any. Optional.
	Failed func() *api.FailedRelease
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
// from several goroutines; looks happen one at a time.
type Machine struct {
	nvml    NVML
	about   About
	now     func() time.Time
	changes *changes

	mu     sync.Mutex
	loaded bool
	known  []api.GPU
	looked bool
	health api.Health
	reason string
	notice atomic.Pointer[api.Interruption]
	host   hostWatch
}

// NewMachine returns a machine that is looked at through nvml. Nothing is
// loaded before the first look. Now is the clock.
func NewMachine(nvml NVML, about About, now func() time.Time) *Machine {
	return &Machine{nvml: nvml, about: about, now: now, changes: newChanges()}
}

// Status looks at the machine and says how it is at this moment. A change of
// health since the look before is kept for the allocator.
func (m *Machine) Status() api.Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	seen := m.look()
	v := judge(seen.findings)
	var setup *api.SetupStatus // of this moment, as the health goes with it
	if m.about.Setup != nil {
		setup = m.about.Setup.Status()
		v = setupHealth(*setup, v)
	}
	if m.about.Host != nil {
		v = m.host.health(m.about.Host, m.now(), v)
	}
	status := api.Status{
		At:      m.now().UTC(),
		Version: m.about.Version,
		Health:  v.health,
		Reason:  v.reason,
		Action:  v.action,
		Inventory: api.Inventory{
			Driver: seen.driver,
			GPUs:   append([]api.GPU{}, m.known...),
			Note:   v.note,
		},
		Readings: seen.readings,
		Session:  m.about.session(),
		Setup:    setup,
		Host:     m.hostFacts(),
	}
	if m.looked && (m.health != v.health || m.reason != v.reason) {
		m.changes.add(m.report(status))
	}
	m.looked, m.health, m.reason = true, v.health, v.reason
	return status
}

// Close gives NVML back. A later look would load it again.
func (m *Machine) Close() error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.loaded {
		return nil
	}
	m.loaded = false
	return m.nvml.Shutdown()
}

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
		Readings: status.Readings,
		Session:  status.Session,

		Interruption: m.notice.Load(),
	}
}
