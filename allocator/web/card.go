package web

import (
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// working is how long somebody may have done nothing and still counts as working: that is
// written down within a minute or so.
const working = 3 * time.Minute

// card is a machine, with who has it.
type card struct {
	api.Machine
	// Trouble is what somebody should look at, and Away that it does not answer.
	Trouble string
	Away    bool
	// Active says that its participant works, IdleSince since when they do not; neither
	// where nobody knows, as of one that does not answer.
	Active    bool
	IdleSince *time.Time
	EndsAt    *time.Time // of its seat, where that is before the workshop's
	Load      *uint32    // of its busiest GPU, in percent
	Memory    *uint64    // that is used on its GPUs
	Owner     string     // whose it is, where somebody's own
	Picture   bool       // whether there are pictures of its desktop
	Untold    bool       // whether there would be, and its participant was not told yet
	Helps     bool       // whether who looks may do something
	Back      string     // the page that it stands on
	Can       []string   // what can be done to it now, by the names of confirmations
}

// Attention reports whether somebody should look at it.
func (c card) Attention() bool { return c.Away || c.Trouble != "" }

// GPUMemory is how much all its GPUs have.
func (c card) GPUMemory() (sum uint64) {
	for _, g := range c.GPUs {
		sum += g.Memory
	}
	return sum
}

func (s *server) card(m allocator.Machine, seat allocator.Seat, v workshopView) card {
	now := s.Service.Now()
	c := card{Machine: s.machine(m), Owner: ownerBy(v.JoinTokens, m.JoinToken), Helps: v.Instructs(), Back: v.Here, Can: handsOn(m)}
	c.Away = !m.Connected && tunnelled(m.State)
	switch {
	case m.Unended():
		c.Trouble = m.Reason
	case m.State == allocator.Terminating || m.State == allocator.Terminated: // nothing can be done
	case m.State == allocator.Draining && m.Leaving != "": // it ends, as somebody wanted it to
	case m.State == allocator.Unhealthy:
		c.Trouble = m.Reason
	case m.Leaving != "":
		c.Trouble = m.Leaving
	case m.Health == api.Unhealthy || m.Health == api.Degraded:
		c.Trouble = m.HealthReason
	default:
		c.Trouble = s.Service.OverHourCap(m)
	}
	if m.State == allocator.Assigned && !m.ActiveAt.IsZero() && !c.Away {
		if c.Active = now.Sub(m.ActiveAt) < working; !c.Active {
			c.IdleSince = orNil(m.ActiveAt)
		}
	}
	c.EndsAt = endOf(seat)
	if seat.Previews && m.SeatID != "" && allocator.Watchable(m.Says.Desktop) && m.Connected {
		c.Picture, c.Untold = seat.PreviewsTold, !seat.PreviewsTold
	}
	if d, known := s.Service.Doing(m.ID); known {
		c.Load, c.Memory = d.Utilisation, d.Memory
	}
	return c
}

// ownerBy is the name of a join token: whose machine it is that joined with it.
func ownerBy(tokens []api.JoinToken, token string) string {
	for _, t := range tokens {
		if t.ID == token {
			return t.Name
		}
	}
	return token
}
