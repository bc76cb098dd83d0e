package allocator

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Session names the hold of a participant on a machine, or is "": who gets a machine
// again, or another one, begins anew.
func (m Machine) Session() string {
	if m.SeatID == "" {
		return ""
	}
	return sessionOf(m.SeatID, m.HeldSince)
}

// Session names the seat's hold on its machine, or is "".
func (s Seat) Session() string {
	if s.State != SeatAssigned {
		return ""
	}
	return sessionOf(s.ID, s.AssignedAt)
}

func sessionOf(seat string, since time.Time) string {
	return fmt.Sprintf("%s-%d", seat, since.UnixMicro())
}

// heardEvery is how often it is written down that an agent was heard of, while it
// says nothing new.
const heardEvery = time.Minute

// heard takes what a report says of the machine's boot and its session, and of what
// would help it.
func (s *Service) heard(ctx context.Context, m Machine, r api.Report) error {
	now := s.Now()
	active := activeAt(m, r, now)
	if r.Session != nil && (r.Session.ID != m.Session() || r.Session.Trouble != "") {
		s.Settle(m.ID)
	}
	if says := saysOf(r); !says.Is(m.Says) {
		if err := s.Store.KeepSays(ctx, m.ID, says); err != nil {
			return err
		}
	}
	if r.Action != m.Action {
		if err := s.Store.KeepAction(ctx, m.ID, r.Action); err != nil {
			return err
		}
	}
	same := m.BootID == r.BootID && active.IsZero() == m.ActiveAt.IsZero() && active.Sub(m.ActiveAt) < heardEvery
	if same && now.Sub(m.HeardAt) < heardEvery {
		return nil
	}
	return s.Store.KeepHeard(ctx, m.ID, r.BootID, active, now)
}

// saysOf is what a report says of its agent.
func saysOf(r api.Report) AgentSays {
	says := AgentSays{Version: r.Version, Release: r.Release, Failed: r.Failed}
	if r.Session != nil {
		says.Desktop = r.Session.Desktop
	}
	return says
}

// activeAt is when who holds a machine was active last, as a report tells it; zero
// where it does not.
func activeAt(m Machine, r api.Report, now time.Time) time.Time {
	if m.SeatID == "" || r.Session == nil || r.Session.ID != m.Session() || r.Session.IdleSeconds == nil {
		return time.Time{}
	}
	return now.Add(-time.Duration(*r.Session.IdleSeconds) * time.Second)
}

// Settle brings the session of a machine's agent in line with who holds the machine,
// soon. What cannot be done now is done when the agent is heard of again.
func (s *Service) Settle(machine string) { s.SettleFor(machine, Hold{}) }

// Hold is who holds a machine: their session, and the machine's number as of then. The
// zero Hold is nobody, or one that is to be looked up.
type Hold struct {
	Session string
	Number  int64
}

// SettleFor is Settle for who is known to hold the machine now.
func (s *Service) SettleFor(machine string, hold Hold) {
	s.settling.run(machine, hold, func(ctx context.Context, hold Hold) {
		if err := s.settle(ctx, machine, hold); err != nil && ctx.Err() == nil {
			s.Log.Info("a session could not be started or ended; it is tried again when the agent reports", "machine", machine, "error", err)
		}
	})
}

// settleTimeout is how long an agent may take to start or end a session.
const settleTimeout = 30 * time.Second

// settle tells the agent as of the machine's number: of two allocators the one that is
// late is refused, whatever it wanted. So the agent is told that nobody holds the machine
// though it has no session. It is told nothing while the machine is collected from or
// ends: what is late then is set right when nobody holds it, or goes with it.
func (s *Service) settle(ctx context.Context, machine string, hold Hold) error {
	ctx, cancel := context.WithTimeout(ctx, settleTimeout)
	defer cancel()
	if hold.Session != "" {
		return s.Tunnels.StartSession(ctx, machine, hold.Session, hold.Number)
	}
	m, err := s.Store.Machine(ctx, machine)
	switch {
	case err != nil:
		return err
	case m.State == Assigned:
		return s.Tunnels.StartSession(ctx, machine, m.Session(), m.Number)
	case m.State == Draining:
		s.resumeSoon() // what is collected there; the session stays until that is done
		return nil
	case !m.Own() && (m.State == Terminating || m.State == Terminated):
		return nil // it goes with the machine
	}
	had, err := s.Tunnels.Status(ctx, machine)
	if err != nil || had.Session == nil { // an agent that knows no sessions
		return err
	}
	return s.Tunnels.EndSession(ctx, machine, had.Session.ID, m.Number)
}

// Settled waits until no session is being started or ended.
func (s *Service) Settled() { s.settling.wait() }

// Close stops what goes on in the background.
func (s *Service) Close() { s.settling.close() }
