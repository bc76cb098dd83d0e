package allocator

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// changeTries is how often a change is made anew when another one was faster.
const changeTries = 5

// ChangeWorkshop changes a workshop that is open. What is absent stays. Of two changes
// at once both count: the later one is made of what the other left.
func (s *Service) ChangeWorkshop(ctx context.Context, by, id string, c api.WorkshopChange) (Workshop, error) {
	var w Workshop
	for try := 1; ; try++ {
		seen, err := s.Store.Workshop(ctx, id)
		if err != nil {
			return seen, err
		}
		w, err = s.change(ctx, seen, c)
		if err == nil {
			break
		}
		if api.CodeOf(err) != api.Conflict || seen.State == Ended || try == changeTries {
			return w, err
		}
	}
	s.follow(ctx, by, "change workshop", w.ID, fmt.Sprintf("%s, %s, %s%s", Counted(w.Seats, "seat"), Counted(w.Spares, "spare"), w.end(), pictures(c.Previews)))
	return w, nil
}

// end is when a workshop ends, as the audit tells it.
func (w Workshop) end() string {
	if w.EndsAt.IsZero() {
		return "no end"
	}
	return "ends " + InUTC(w.EndsAt)
}

// pictures is what the audit tells of small pictures that somebody turns on or off.
func pictures(shown *bool) string {
	switch {
	case shown == nil:
		return ""
	case *shown:
		return ", small pictures of its desktops"
	}
	return ", no small pictures of its desktops"
}

// change changes a workshop as it was seen.
func (s *Service) change(ctx context.Context, w Workshop, c api.WorkshopChange) (Workshop, error) {
	all := w.Warm == w.Seats
	if c.Seats != nil {
		w.Seats = *c.Seats
	}
	if c.Spares != nil {
		w.Spares = *c.Spares
	}
	if all || w.Warm > w.Seats {
		w.Warm = w.Seats
	}
	if c.EndsAt != nil {
		w.EndsAt = c.EndsAt.UTC()
	}
	if c.SessionMinutes != nil {
		w.SessionLimit = time.Duration(*c.SessionMinutes) * time.Minute
	}
	if c.IdleMinutes != nil {
		w.IdleLimit = time.Duration(*c.IdleMinutes) * time.Minute
	}
	if c.BudgetUSD != nil {
		w.BudgetUSD = *c.BudgetUSD
	}
	if c.Previews != nil {
		w.Previews = *c.Previews
	}
	roster, err := s.changeRoster(ctx, w, c)
	if err != nil {
		return w, err
	}
	if roster != nil {
		w.Invited = len(roster) > 0
	}
	pool, ok := s.Pool(w.Pool)
	if !ok {
		return w, api.Problemf(api.Conflict, "The workshop's pool is gone", "The settings have no pool %q any more; end the workshop.", w.Pool)
	}
	if err := s.check(w, s.Now(), pool); err != nil {
		return w, err
	}
	err = s.Store.ChangeWorkshop(ctx, w, roster)
	w.Version++
	return w, err
}
