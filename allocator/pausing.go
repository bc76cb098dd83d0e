package allocator

import (
	"context"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// pausing changes what keeps a workshop from launching, given what does now. Of two
// changes at once neither takes the other one back: the later is made of what the other
// left.
func (s *Service) pausing(ctx context.Context, workshop string, change func(*Workshop)) error {
	for try := 1; ; try++ {
		seen, err := s.Store.Workshop(ctx, workshop)
		if err != nil {
			return err
		}
		w := seen
		change(&w)
		err = s.Store.Postpone(ctx, seen, w.Trouble, w.LaunchFailures, w.LaunchAfter)
		if api.CodeOf(err) != api.Conflict || try == changeTries {
			return err
		}
	}
}

// pause makes a pause in the launches of a workshop whose machine did not become
// ready: what is wrong with it may be wrong with all. The first may be chance.
func (s *Service) pause(ctx context.Context, workshop, why string) error {
	why = "A machine was launched and did not become ready: " + why + "."
	return s.pausing(ctx, workshop, func(w *Workshop) {
		switch {
		case w.pauses(s.Now()):
		case w.LaunchFailures == 0:
			w.Trouble, w.LaunchFailures, w.LaunchAfter = why, 1, s.Now()
		default:
			w.postpone(why, s.Now())
		}
	})
}

// postpone keeps that machines of a workshop cannot be had, and when they are asked
// for again.
func (s *Service) postpone(ctx context.Context, workshop, why string) error {
	return s.pausing(ctx, workshop, func(w *Workshop) { w.postpone(why, s.Now()) })
}

func (w *Workshop) postpone(why string, now time.Time) {
	until := now.Add(pauseAfter(w.LaunchFailures))
	if w.pauses(now) && until.Before(w.LaunchAfter) { // as when a launch was cancelled
		return
	}
	w.Trouble, w.LaunchFailures, w.LaunchAfter = why, w.LaunchFailures+1, until
}

// granted keeps that EC2 gives machines again. How often it went wrong is forgotten
// once one of them is ready.
func (s *Service) granted(ctx context.Context, workshop string) error {
	return s.pausing(ctx, workshop, func(w *Workshop) {
		if !w.pauses(s.Now()) {
			w.Trouble, w.LaunchAfter = "", time.Time{}
		}
	})
}

// Launches that EC2 refuses, or that bring machines which fail, are tried again after
// a minute, then after twice as long each time.
const (
	firstPause   = time.Minute
	longestPause = 15 * time.Minute
)

// slack is how much longer a pause may seem to be: who looks took the time before it began,
// or by the clock of another allocator.
const slack = 2 * time.Minute

// pauses reports whether machines of a workshop are not to be launched now. No pause is
// longer than these: what seems to be was written down by a clock that was ahead.
func (w Workshop) pauses(now time.Time) bool {
	return now.Before(w.LaunchAfter) && w.LaunchAfter.Sub(now) <= max(longestPause, cancelPause)+slack
}

// pauseAfter is how long to wait after so many refusals in a row.
func pauseAfter(failures int) time.Duration {
	return min(firstPause<<min(failures, 10), longestPause)
}
