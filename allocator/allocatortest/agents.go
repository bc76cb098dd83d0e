package allocatortest

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// FakeAgents are the agents behind the tunnels that are up: of those machines that a
// test has connected.
type FakeAgents struct {
	mu       sync.Mutex
	sessions map[string]string // by machine
	numbers  map[string]int64  // the highest that each machine has had
	trouble  string
	// Collections is what they were asked to collect, and Collecting how they say that
	// goes; nil: it is done.
	Collections []api.StartCollect
	Collecting  *api.CollectStatus
	// Host is what their machines are like.
	Host *api.Host
	// Readings are what their GPUs are like.
	Readings []api.Reading
	// Health, Reason and Action are what is wrong there, as they say, and what would help;
	// where there is no health they are healthy.
	Health api.Health
	Reason string
	Action api.Action
	// Rebooted are the reboots that were asked for, of machines that are away too.
	Rebooted []string
	// Desktop is what kind of desktop they show, Watchers how many watch it, and Controllers
	// how many of these work on it. Brought is what participants brought to connect it, and
	// Connection how far that is.
	Desktop     string
	Watchers    int
	Controllers int
	Brought     []api.StartRemote
	Connection  api.RemoteDesktop
}

var _ allocator.Tunnels = (*FakeAgents)(nil)

// Connect brings up the tunnels of machines.
func (f *FakeAgents) Connect(machines ...allocator.Machine) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.sessions == nil {
		f.sessions = map[string]string{}
	}
	for _, m := range machines {
		f.sessions[m.ID] = ""
	}
}

// Change changes what they say while somebody may be asking them.
func (f *FakeAgents) Change(do func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	do()
}

// Disconnect takes a machine's tunnel down.
func (f *FakeAgents) Disconnect(machine string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.sessions, machine)
}

// Fail makes them refuse to start anything, unless the reason is "".
func (f *FakeAgents) Fail(trouble string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.trouble = trouble
}

// Session is the session that a machine has.
func (f *FakeAgents) Session(machine string) string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.sessions[machine]
}

// Connected are the machines whose tunnels are up.
func (f *FakeAgents) Connected() []string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Sorted(maps.Keys(f.sessions))
}

func (f *FakeAgents) on(machine string) error {
	if _, ok := f.sessions[machine]; !ok {
		return api.Problemf(api.Unavailable, "The machine is not connected", "")
	}
	return nil
}

// Status says which session a machine has.
func (f *FakeAgents) Status(_ context.Context, machine string) (api.Status, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return api.Status{Health: cmp.Or(f.Health, api.Healthy), Action: f.Action, Session: &api.SessionStatus{ID: f.sessions[machine], Trouble: f.trouble, Desktop: f.Desktop, Watchers: f.Watchers, Controllers: f.Controllers}, Host: f.Host, Readings: f.Readings, Reason: f.Reason}, f.on(machine)
}

// StartSession gives a machine another session.
func (f *FakeAgents) StartSession(_ context.Context, machine, session string, number int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.in(machine, number); err != nil {
		return err
	}
	if f.trouble != "" {
		return api.Problemf(api.Unavailable, "The desktop does not start", "%s", f.trouble)
	}
	f.sessions[machine] = session
	return nil
}

// Collect says that all is handed over, or what the test wants it to say.
func (f *FakeAgents) Collect(_ context.Context, machine string, c api.StartCollect) (api.CollectStatus, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Collections = append(f.Collections, c)
	if err := f.on(machine); err != nil {
		return api.CollectStatus{}, err
	}
	if f.Collecting != nil {
		return *f.Collecting, nil
	}
	return api.CollectStatus{Done: true, Files: 2, Bytes: 2048}, nil
}

// Reboot lets an agent know that it is to reboot its machine.
func (f *FakeAgents) Reboot(_ context.Context, machine, boot string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Rebooted = append(f.Rebooted, machine+" from "+boot)
	return f.on(machine)
}

// EndSession ends a session.
func (f *FakeAgents) EndSession(_ context.Context, machine, session string, number int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.in(machine, number); err != nil {
		return err
	}
	if f.sessions[machine] == session {
		f.sessions[machine] = ""
	}
	return nil
}

// in refuses an order that is late, and one to a machine that is away.
func (f *FakeAgents) in(machine string, number int64) error {
	if err := f.on(machine); err != nil {
		return err
	}
	if number < f.numbers[machine] {
		return api.Problemf(api.Conflict, "The order is late", "")
	}
	if f.numbers == nil {
		f.numbers = map[string]int64{}
	}
	f.numbers[machine] = number
	return nil
}
