package agent

import (
	"context"
	"log/slog"
	"time"
)

const (
	// shownEvery is how often it is asked how what shows the session is, and shownTimeout how
	// long that may take.
	shownEvery   = 30 * time.Second
	shownTimeout = 2 * time.Second
	// linesEvery is how often its last lines are told at most: it may end every few seconds.
	// linesTimeout is how long it may take to read them, on a machine that may be busy.
	linesEvery   = 10 * time.Minute
	linesTimeout = 15 * time.Second
)

// Shown is how what shows a session is. It is started again where it ends, and given up
// where it does so too often.
type Shown struct {
	Session string `json:"session"`
	GivenUp bool   `json:"given_up,omitempty"`
	// Restarts is how often it was started again since somebody asked for it.
	Restarts int `json:"restarts,omitempty"`
}

// Line is one that a unit of the machine's logged.
type Line struct {
	Source string `json:"source"`
	Text   string `json:"text"`
}

// Shower knows how what shows sessions is.
type Shower interface {
	// Shown is how it is now. Nil where nobody can tell.
	Shown(ctx context.Context) (*Shown, error)
	// Last are the last lines that it, and who starts it, logged in this session.
	Last(ctx context.Context) ([]Line, error)
}

// Upkeep looks whether the session that goes on is still shown. One that is not is no session
// any more: the allocator orders it again, and so it is started again. Of what does not start,
// or ended, it tells the last lines.
type Upkeep struct {
	Sessions *Sessions
	Shower   Shower
	// Said takes the last lines of what ended.
	Said func(level, source, line string)
	Log  *slog.Logger

	warned, told time.Time
	restarts     int
}

// look looks, where there is something to look at, and says whether there was. Only one
// goroutine may call it.
func (u *Upkeep) look(ctx context.Context, now time.Time) (asked bool, err error) {
	id, troubled := u.Sessions.going()
	if id == "" && !troubled {
		return false, nil
	}
	if id == "" { // it did not start, or was given up
		return true, u.tell(ctx, now)
	}
	asking, cancel := context.WithTimeout(ctx, shownTimeout)
	defer cancel()
	shown, err := u.Shower.Shown(asking)
	if err != nil || shown == nil || shown.Session != id {
		return true, err
	}
	again := shown.Restarts - u.restarts
	u.restarts = shown.Restarts
	switch {
	case shown.GivenUp && u.Sessions.fell(id):
		u.Log.Warn("the desktop ended too often, and was given up; it is started again", "session", id)
		return true, u.tell(ctx, now)
	case !shown.GivenUp && again > 0:
		if now.Sub(u.warned) >= linesEvery {
			u.warned = now
			u.Log.Warn("the desktop ended, and was started again", "session", id, "times", again)
		}
		return true, u.tell(ctx, now)
	}
	return true, nil
}

// tell tells the last lines, unless it did a short while ago. It is tried again where that fails.
func (u *Upkeep) tell(ctx context.Context, now time.Time) error {
	if now.Sub(u.told) < linesEvery {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, linesTimeout)
	defer cancel()
	lines, err := u.Shower.Last(ctx)
	if err != nil {
		return err
	}
	u.told = now
	for _, line := range lines {
		u.Said("info", line.Source, line.Text)
	}
	return nil
}

// fallen is what is told of a session whose desktop was given up.
const fallen = "The desktop ended too often, and was given up."

// fell is that what shows a session is given up. It does nothing, and says so, where another
// session goes on by now, or an order is being carried out.
func (s *Sessions) fell(id string) bool {
	if !s.turn.TryLock() {
		return false
	}
	defer s.turn.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id != id {
		return false
	}
	s.id, s.fallen, s.trouble = "", id, fallen
	return true
}

// going is the session that goes on, or "", and whether there is trouble with it.
func (s *Sessions) going() (id string, troubled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id, s.trouble != ""
}

// Held is the session that the machine is for: also one that is not shown at the moment.
func (s *Sessions) Held() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id == "" {
		return s.fallen
	}
	return s.id
}
