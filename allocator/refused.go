package allocator

import (
	"context"
	"slices"
	"time"
)

// Refused is what EC2 refused lately in one place.
type Refused struct {
	Refusal
	Pool string // for which it was asked; "" where that is not known
	At   time.Time
	// Until is when that place is asked again while others are left; zero: at the next
	// launch.
	Until time.Time
}

// Shortages knows what EC2 refused to this allocator.
type Shortages interface {
	// Lately lists it, the newest first, each place once.
	Lately() []Refused
}

// toldFor is how long it is told what was refused.
const toldFor = 24 * time.Hour

// RefusedLately is what EC2 refused in the last day, to whichever allocator: the newest
// first, each place once.
func (s *Service) RefusedLately(ctx context.Context) ([]Refused, error) {
	return s.Store.Refused(ctx, s.Now().Add(-toldFor))
}

// keepRefused writes down what EC2 refused since a time, for the other allocators, and for
// after a restart. Launches do without.
func (s *Service) keepRefused(ctx context.Context, since time.Time) {
	if s.Shortages == nil {
		return
	}
	news := slices.DeleteFunc(s.Shortages.Lately(), func(r Refused) bool { return r.At.Before(since) })
	if len(news) == 0 {
		return
	}
	if err := s.Store.KeepRefused(ctx, news); err != nil {
		s.Log.Warn("what AWS refused was not written down", "error", err)
	}
}
