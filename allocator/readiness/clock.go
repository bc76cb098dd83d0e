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
	// remembered is how long a jump is told.
	remembered = 15 * time.Minute
)

// Clock compares the clock with the time that has passed since the last look.
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
}

// NewClock looks at this computer's clock.
func NewClock() *Clock {
	begin := time.Now()
	return &Clock{
		Wall:   func() time.Time { return time.Now().Round(0) }, // without what time.Since goes by
		Passed: func() time.Duration { return time.Since(begin) },
	}
}

// Check says for a while that the clock has jumped.
func (c *Clock) Check(context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	wall, passed := c.Wall(), c.Passed()
	if by := wall.Sub(c.wall) - (passed - c.passed); c.looked && by.Abs() > jump {
		c.by, c.at = by, passed
	}
	c.looked, c.wall, c.passed = true, wall, passed
	if c.by == 0 || passed-c.at > remembered {
		return nil
	}
	return fmt.Errorf("the host's clock jumped by %s. Beginnings and ends of workshops and seats go by it, and so does what STS accepts: look whether the host reaches its time server (chronyc tracking)", c.by.Round(time.Second))
}
