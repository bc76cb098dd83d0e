package allocator

import "time"

// PastSeat is a seat as it is kept for ever, with the machine that it was on last.
type PastSeat struct {
	Seat
	Pool, Type, Zone string    // of the machine; "" where there was none
	ReleasedAt       time.Time // zero while it is live
	ReleasedBecause  string
}

// Held is how long its participant had the machine, until now where it is held.
func (s PastSeat) Held(now time.Time) time.Duration {
	switch {
	case s.AssignedAt.IsZero():
		return 0
	case s.ReleasedAt.IsZero():
		return now.Sub(s.AssignedAt)
	}
	return s.ReleasedAt.Sub(s.AssignedAt)
}
