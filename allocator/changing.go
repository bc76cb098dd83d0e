package allocator

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// ChangeWorkshop changes a workshop that is open. What is absent stays.
func (s *Service) ChangeWorkshop(ctx context.Context, by, id string, c api.WorkshopChange) (Workshop, error) {
	w, err := s.Store.Workshop(ctx, id)
	if err != nil {
		return w, err
	}
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
	roster, err := s.changedRoster(ctx, &w, c.Roster)
	if err != nil {
		return w, err
	}
	pool, ok := s.Pool(w.Pool)
	if !ok {
		return w, api.Problemf(api.Conflict, "The workshop's pool is gone", "The settings have no pool %q any more; end the workshop.", w.Pool)
	}
	if err := s.check(w, s.Now(), pool); err != nil {
		return w, err
	}
	if err := s.Store.ChangeWorkshop(ctx, w, roster); err != nil {
		return w, err
	}
	s.follow(ctx, by, "change workshop", w.ID, fmt.Sprintf("%d seats, %d spares, ends %s", w.Seats, w.Spares, at(w.EndsAt)))
	return w, nil
}

// changedRoster is the roster that a change leaves.
func (s *Service) changedRoster(ctx context.Context, w *Workshop, to *[]string) ([]string, error) {
	if to == nil {
		return s.Store.Roster(ctx, w.ID)
	}
	roster, err := rosterOf(*to)
	w.Invited = len(roster) > 0
	return roster, err
}
