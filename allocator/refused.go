package allocator

import (
	"context"
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
	// News hands over what was refused since it was asked last.
	News() []Refused
}

// toldFor is how long it is told what was refused.
const toldFor = 24 * time.Hour

// RefusedLately is what EC2 refused in the last day, to whichever allocator: the newest
// first, each place once.
func (s *Service) RefusedLately(ctx context.Context) ([]Refused, error) {
	return s.Store.Refused(ctx, s.Now().Add(-toldFor))
}

// keepRefused writes down what EC2 refused, for all allocators, and for after a restart.
// Launches do without.
func (s *Service) keepRefused(ctx context.Context) {
	if s.Shortages == nil {
		return
	}
	news := s.Shortages.News()
	if len(news) == 0 {
		return
	}
	if err := s.Store.KeepRefused(ctx, news); err != nil {
		s.Log.Warn("what AWS refused was not written down", "error", err)
	}
}
