package agent

import (
	"context"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Desktop is what a participant works on. Each session starts clean.
type Desktop interface {
	// Kind is what participants see: vnc; "" is nothing.
	Kind() string
	// Start begins a session. One that goes on already is left as it is, and any other
	// ends before.
	Start(ctx context.Context, session string) error
	// End ends a session. One that is not there is no error.
	End(ctx context.Context, session string) error
	// Idle is how long the participant has done nothing. Not known where nothing
	// tells: that is not idle.
	Idle(ctx context.Context) (idle time.Duration, known bool)
}

// Watched is a desktop that staff may look at.
type Watched interface {
	// Watchers is how many do, and Controllers how many of them also type and point there.
	Watchers() int
	Controllers() int
}

// Plain is a desktop of a machine that shows none: nothing is started, and nobody
// knows whether anything is done.
type Plain struct{}

var _ Desktop = Plain{}

// Kind is none.
func (Plain) Kind() string { return "" }

// Start has nothing to start.
func (Plain) Start(context.Context, string) error { return nil }

// End has nothing to end.
func (Plain) End(context.Context, string) error { return nil }

// Idle is not known.
func (Plain) Idle(context.Context) (time.Duration, bool) { return 0, false }

// Sessions remembers which session a desktop has.
type Sessions struct {
	// Leaving is called before a session ends, or another one begins. Optional.
	Leaving func()
	// Memory keeps which order was the newest, and what it began. Optional: a restart
	// forgets it.
	Memory Memory

	desktop Desktop
	recall  sync.Once  // the newest order, and what is left
	turn    sync.Mutex // held while a session starts or ends
	number  int64      // the highest that an order had
	left    string     // the session that the desktop may still have, also after a restart

	mu      sync.Mutex
	id      string
	fallen  string // the session whose desktop was given up, until it is shown again
	trouble string
}

// NewSessions returns the sessions of a desktop that has none yet.
func NewSessions(d Desktop) *Sessions { return &Sessions{desktop: d} }

// Start begins a session, in the place of any other. Why it could not be started is
// told from then on, until one can be. An order that is late is refused: one with a
// higher number was here before.
func (s *Sessions) Start(ctx context.Context, id string, number int64) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := s.inTurn(number); err != nil {
		return err
	}
	if s.ID() == id {
		return nil
	}
	switch s.left {
	case id: // from before a restart: what is being collected of it goes on
	case "":
		s.leaving()
	default:
		if err := s.end(ctx, s.left); err != nil {
			return err
		}
	}
	s.keepLeft(id)
	if err := s.desktop.Start(ctx, id); err != nil {
		return s.failed("The desktop does not start", err)
	}
	s.set(id)
	return nil
}

// End ends a session, if it is the one that goes on, unless the order is late. Without
// an id it ends none that goes on: the allocator says that nobody is here, as of the
// number. What is left of one that began before a restart ends in any case.
func (s *Sessions) End(ctx context.Context, id string, number int64) error {
	s.turn.Lock()
	defer s.turn.Unlock()
	if err := s.inTurn(number); err != nil {
		return err
	}
	if s.ID() == "" && s.left != "" {
		return s.end(ctx, s.left)
	}
	if id == "" || id != s.ID() {
		return nil
	}
	return s.end(ctx, id)
}

// inTurn refuses an order that comes after one with a higher number. One of an older
// allocator has none, and is taken.
func (s *Sessions) inTurn(number int64) error {
	s.recallOrder()
	if number != 0 && number < s.number {
		return api.Problemf(api.Conflict, "The order is late", "Another allocator has ordered since, of what came after it.")
	}
	if number > s.number {
		s.number = number
		s.keepOrder()
	}
	return nil
}

func (s *Sessions) leaving() {
	if s.Leaving != nil {
		s.Leaving()
	}
}

func (s *Sessions) end(ctx context.Context, id string) error {
	s.leaving()
	if err := s.desktop.End(ctx, id); err != nil {
		return s.failed("The session before does not end", err)
	}
	s.set("")
	s.keepLeft("")
	return nil
}

func (s *Sessions) failed(what string, err error) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trouble = gpu.Clip(what + ": " + err.Error())
	return api.Problemf(api.Unavailable, what, "%s. It is tried again.", err)
}

func (s *Sessions) set(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id, s.fallen, s.trouble = id, "", ""
}

// ID is the session that goes on, or "".
func (s *Sessions) ID() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id
}

// idleTimeout bounds how long a desktop may take to say whether somebody works.
const idleTimeout = 2 * time.Second

// Status is the session that goes on, as the allocator is told of it.
func (s *Sessions) Status() *api.SessionStatus {
	s.mu.Lock()
	out := &api.SessionStatus{ID: s.id, Trouble: s.trouble, Desktop: s.desktop.Kind()}
	s.mu.Unlock()
	if out.ID == "" {
		return out
	}
	if d, ok := s.desktop.(Watched); ok {
		out.Watchers, out.Controllers = d.Watchers(), d.Controllers()
	}
	ctx, cancel := context.WithTimeout(context.Background(), idleTimeout)
	defer cancel()
	if idle, known := s.desktop.Idle(ctx); known {
		seconds := max(0, int(idle.Seconds()))
		out.IdleSeconds = &seconds
	}
	return out
}
