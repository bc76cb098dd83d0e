package agent

import (
	"strings"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// showing is how well a machine is that may lack what its desktop needs: nobody gets one that
// shows nothing. What is set up may bring it, and one that failed has said so.
func (m *Machine) showing(status api.SetupStatus, v verdict) verdict {
	if m.about.Shows == nil || status.State == api.SetupRunning || status.State == api.SetupFailed || !m.about.Setup.isSettled() {
		return v
	}
	err := m.about.Shows()
	if err == nil {
		return v
	}
	v.health, v.reason = api.Unhealthy, gpu.Clip(strings.TrimSpace(v.reason+" The machine shows no desktop: "+err.Error()+"."))
	return v
}

func (s *Setup) isSettled() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.settled
}

// settle takes it that what the allocator wants now was done, or nothing was wanted.
func (s *Setup) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.settled = true
}
