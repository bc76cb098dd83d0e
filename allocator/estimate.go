package allocator

import (
	"context"
	"slices"
	"time"
)

// ExpectedAt is when a seat that waits should get a machine, or zero when nobody can
// tell: a machine that is late is not expected at any time.
func (s *Service) ExpectedAt(ctx context.Context, seat Seat) (time.Time, error) {
	w, err := s.Store.Workshop(ctx, seat.WorkshopID)
	if err != nil {
		return time.Time{}, err
	}
	machines, err := s.Store.Machines(ctx, w.ID, false)
	if err != nil {
		return time.Time{}, err
	}
	seats, err := s.Store.Seats(ctx, w.ID)
	if err != nil {
		return time.Time{}, err
	}
	took, err := s.Store.BootTimes(ctx, w.Pool, 20)
	if err != nil {
		return time.Time{}, err
	}
	return expected(s.Now(), w, seat.Position, machines, seats, median(took)), nil
}

// expected is when the position-th machine should be free: of those that start, in
// the time that others took, as far as there are seats, and of those that are given
// back. Boots are not expected where none is known.
func expected(now time.Time, w Workshop, position int, machines []Machine, seats []Seat, boot time.Duration) time.Time {
	var free, ending []time.Time
	for _, m := range machines {
		switch m.State {
		case Ready:
			free = append(free, now)
		case Requested, Launching, Booting:
			if boot > 0 {
				free = append(free, m.CreatedAt.Add(boot))
			}
		default: // not to be had
		}
	}
	left := w.Seats
	for _, seat := range seats {
		if seat.State != SeatAssigned {
			continue
		}
		left--
		if !seat.EndsAt.IsZero() {
			ending = append(ending, seat.EndsAt)
		}
	}
	slices.SortFunc(free, time.Time.Compare)
	free = append(free[:min(len(free), max(0, left))], ending...)
	slices.SortFunc(free, time.Time.Compare)
	if position < 1 || position > len(free) || free[position-1].Before(now) {
		return time.Time{}
	}
	if free[position-1].Before(w.StartsAt) {
		return w.StartsAt
	}
	return free[position-1]
}

func median(of []time.Duration) time.Duration {
	if len(of) == 0 {
		return 0
	}
	slices.Sort(of)
	return of[len(of)/2]
}
