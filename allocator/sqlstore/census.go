package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// counted is one line of a count: by what, and how many.
type counted struct {
	by, and string
	n       int
}

func (s *Store) count(ctx context.Context, query string) ([]counted, error) {
	return list(ctx, s.read, func(row scanner) (c counted, err error) {
		return c, row.Scan(&c.by, &c.and, &c.n)
	}, query)
}

// Census counts machines, seats and operations.
func (s *Store) Census(ctx context.Context, now time.Time) (allocator.Census, error) {
	out := allocator.Census{
		Machines: map[allocator.MachineKey]int{}, Seats: map[allocator.SeatState]int{}, Operations: map[allocator.OperationKey]int{},
	}
	for query, keep := range map[string]func(counted){
		"SELECT pool, state, count(*) FROM machines WHERE state <> 'terminated' GROUP BY pool, state": func(c counted) {
			out.Machines[allocator.MachineKey{Pool: c.by, State: allocator.MachineState(c.and)}] = c.n
		},
		"SELECT state, '', count(*) FROM seats WHERE state <> 'released' GROUP BY state": func(c counted) {
			out.Seats[allocator.SeatState(c.by)] = c.n
		},
		"SELECT kind, CASE WHEN cancelled_at > 0 AND finished_at > 0 THEN 'cancelled' ELSE state END AS now, count(*) FROM operations GROUP BY kind, now": func(c counted) {
			out.Operations[allocator.OperationKey{Kind: allocator.OperationKind(c.by), State: allocator.OperationState(c.and)}] = c.n
		},
	} {
		all, err := s.count(ctx, query)
		if err != nil {
			return out, fmt.Errorf("count what there is: %w", err)
		}
		for _, c := range all {
			keep(c)
		}
	}
	return out, s.countWaiting(ctx, now, &out)
}

// countWaiting counts who waits. In a workshop that has not begun, everybody does.
func (s *Store) countWaiting(ctx context.Context, now time.Time, out *allocator.Census) error {
	var since int64
	err := s.read.row(ctx, `SELECT count(*), coalesce(min(CASE WHEN s.claimed_at > w.starts_at THEN s.claimed_at ELSE w.starts_at END), 0)
		FROM seats s JOIN workshops w ON w.id = s.workshop_id WHERE s.state = 'queued' AND w.starts_at <= $1`, stamp(now)).Scan(&out.Waiting, &since)
	if err != nil {
		return fmt.Errorf("count who waits: %w", err)
	}
	out.WaitingSince = fromStamp(since)
	return nil
}
