package allocator

import "time"

// Refused is what EC2 refused lately in one place.
type Refused struct {
	Refusal
	Pool string // for which it was asked; "" where that is not known
	At   time.Time
	// Until is when that place is asked again while others are left; zero: at the next
	// launch.
	Until time.Time
}

// Shortages knows what EC2 refused lately.
type Shortages interface {
	// Lately lists it, the newest first, each place once.
	Lately() []Refused
}

// RefusedLately is what EC2 refused to this allocator in the last hours.
func (s *Service) RefusedLately() []Refused {
	if s.Shortages == nil {
		return nil
	}
	return s.Shortages.Lately()
}
