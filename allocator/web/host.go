package web

import (
	"context"
	"fmt"
	"strings"
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

// hosting is what a machine is like, for people.
func hosting(h *api.Host) string {
	var out []string
	share := func(what string, free, total *uint64) {
		if free != nil && total != nil {
			out = append(out, fmt.Sprintf("%s: %.1f of %.1f GiB free", what, float64(*free)/(1<<30), float64(*total)/(1<<30)))
		}
	}
	share("disk", h.DiskFree, h.DiskTotal)
	share("memory", h.MemoryAvailable, h.MemoryTotal)
	if h.Load != nil {
		out = append(out, fmt.Sprintf("load %.1f on %s", *h.Load, allocator.Counted(h.CPUs, "processor")))
	}
	return strings.Join(out, " · ")
}
