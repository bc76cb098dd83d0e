package readiness

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	// jump is by how much more than time has passed a clock may have moved.
	jump = 5 * time.Second
	// remembered is how long a jump is told that no other clock speaks of.
	remembered = 15 * time.Minute
	// apart is by how much the clock and another one may differ: that one tells whole
	// seconds, and its answer takes a while.
	apart = time.Minute
)

// Clock compares the clock with the time that has passed since the last look, and with
// what another clock says. A jump that the other one confirms was a correction.
type Clock struct {
	// Wall is the clock; Passed is the time since some moment, whatever the clock says.
	Wall   func() time.Time
	Passed func() time.Duration

	mu     sync.Mutex
	looked bool
	wall   time.Time
	passed time.Duration
	by     time.Duration // how far it jumped last
	at     time.Duration // when, as passed

	heard bool          // whether another clock was heard of
	ahead time.Duration // how far this one is ahead of that
}

// NewClock looks at this computer's clock.
func NewClock() *Clock {
	begin := time.Now()
	return &Clock{
		Wall:   func() time.Time { return time.Now().Round(0) }, // without what time.Since goes by
		Passed: func() time.Duration { return time.Since(begin) },
	}
}

// Heard tells what another clock says at this moment.
func (c *Clock) Heard(other time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
	c.heard, c.ahead = true, c.wall.Sub(other)
}

// look notices a jump.
func (c *Clock) look() {
	wall, passed := c.Wall(), c.Passed()
	if by := wall.Sub(c.wall) - (passed - c.passed); c.looked && by.Abs() > jump {
		c.by, c.at = by, passed
		c.ahead += by
	}
	c.looked, c.wall, c.passed = true, wall, passed
}

// meanwhile is what a clock that cannot be trusted means, and what to do.
const meanwhile = "Until it can be trusted, no workshop, seat or machine is ended because time has passed. Look whether the host reaches its time server (chronyc tracking)"

// Check says while the clock cannot be trusted: while it differs from the other one, and
// for a while after a jump that no other clock was heard of since.
func (c *Clock) Check(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.look()
	switch {
	case c.heard && c.ahead.Abs() > apart:
		way := "ahead of"
		if c.ahead < 0 {
			way = "behind"
		}
		return fmt.Errorf("the host's clock is %s %s AWS's. %s", c.ahead.Abs().Round(time.Second), way, meanwhile)
	case c.heard, c.by == 0, c.passed-c.at > remembered:
		return nil
	}
	return fmt.Errorf("the host's clock jumped by %s. %s", c.by.Round(time.Second), meanwhile)
}
