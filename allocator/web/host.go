package web

import (
	"context"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// hostPatience is how long a page waits for what a machine says of itself.
const hostPatience = time.Second

// statusOf asks a machine's agent how it is; nil where it does not say.
func (s *server) statusOf(ctx context.Context, m allocator.Machine) *api.Status {
	if m.AgentID == "" || m.State == allocator.Terminated {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, hostPatience)
	defer cancel()
	status, err := s.Service.Tunnels.Status(ctx, m.ID)
	if err != nil {
		return nil
	}
	return &status
}
