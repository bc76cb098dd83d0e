package allocatortest

import (
	"context"

	"github.com/talmolab/lablink-infrastructure/api"
)

// StartRemote takes what a participant brought.
func (f *FakeAgents) StartRemote(_ context.Context, machine string, in api.StartRemote) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.Brought = append(f.Brought, in)
	if f.trouble != "" {
		return api.Problemf(api.Invalid, f.trouble, "Bring another code.")
	}
	return f.on(machine)
}

// Remote says how far a machine is connected.
func (f *FakeAgents) Remote(_ context.Context, machine string) (api.RemoteDesktop, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.Connection, f.on(machine)
}
