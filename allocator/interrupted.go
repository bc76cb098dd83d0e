package allocator

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// spareTime is how long before AWS takes a machine back its work must be collected.
const spareTime = 20 * time.Second

// lookSoon looks in the background what workshops need, once for all who ask for it
// meanwhile.
func (s *Service) lookSoon() {
	s.settling.run("workshops", Hold{}, func(ctx context.Context, _ Hold) { // no machine has that id
		if err := s.Reconcile(ctx); err != nil && ctx.Err() == nil {
			s.Log.Warn("what workshops need is seen to at the next look", "error", err)
		}
	})
}

// soon is in how much time something happens.
func soon(left time.Duration) string {
	switch seconds := int(left.Round(time.Second).Seconds()); {
	case seconds <= 0:
		return " now"
	case seconds < 100:
		return " in " + Counted(seconds, "second")
	}
	return " in " + Counted(int(left.Round(time.Minute).Minutes()), "minute")
}

// interrupted takes what AWS will do to a spot machine: its participant is told and
// moved to another one, or to the queue, what they made is collected while there is
// time, and another machine is launched at once. Other machines AWS takes from nobody,
// whatever their agents say.
func (s *Service) interrupted(ctx context.Context, m Machine, i api.Interruption) error {
	switch {
	case !m.Spot, m.State == Draining && m.Leaving != "" || m.State == Terminating || m.State == Terminated:
		return nil
	case i.Action == api.Rebalance:
		if m.Noticed || m.SeatID == "" {
			return nil
		}
		return s.Store.KeepNotice(ctx, m.ID, m.Number, "Your machine may soon be taken back by the company that it is rented from. Save your work; if that happens you get another one.", s.Now())
	}
	why := TakenBack + soon(i.At.Sub(s.Now()))
	_, err := s.endMachine(ctx, Allocator, m, why)
	if api.CodeOf(err) == api.Conflict { // it has changed just now; the next report tells again
		return nil
	}
	if err != nil {
		return fmt.Errorf("take %s out before AWS does: %w", m.ID, err)
	}
	if err := s.Store.HurryCollections(ctx, m.ID, i.At.Add(-spareTime)); err != nil {
		return err
	}
	s.record(ctx, Allocator, "interrupt machine", m.ID, why)
	s.lookSoon()
	return nil
}
