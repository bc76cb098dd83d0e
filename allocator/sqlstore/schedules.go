package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// AddSchedule adds a schedule.
func (s *Store) AddSchedule(ctx context.Context, sc allocator.Schedule) error {
	raw, err := json.Marshal(sc.Workshop)
	if err != nil {
		return fmt.Errorf("encode the workshop of a schedule: %w", err)
	}
	return s.exec(ctx, "add schedule "+sc.ID, `INSERT INTO schedules (id, rule, first, zone, lasts, workshop, through, created_by, created_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
		sc.ID, sc.Rule, stamp(sc.First), sc.Zone, int64(sc.Lasts.Seconds()), string(raw), stamp(sc.Through), sc.By, stamp(sc.CreatedAt))
}

// Schedules lists the schedules that go on.
func (s *Store) Schedules(ctx context.Context) ([]allocator.Schedule, error) {
	out, err := list(ctx, s.read, func(row scanner) (allocator.Schedule, error) {
		var sc allocator.Schedule
		var first, lasts, through, missed, created int64
		var raw string
		if err := row.Scan(&sc.ID, &sc.Rule, &first, &sc.Zone, &lasts, &raw, &through, &missed, &sc.MissedBecause, &sc.Trouble, &sc.By, &created); err != nil {
			return sc, err
		}
		sc.First, sc.Lasts, sc.Through = fromStamp(first), seconds(lasts), fromStamp(through)
		sc.MissedAt, sc.CreatedAt = fromStamp(missed), fromStamp(created)
		return sc, json.Unmarshal([]byte(raw), &sc.Workshop)
	}, "SELECT id, rule, first, zone, lasts, workshop, through, missed_at, missed_because, trouble, created_by, created_at FROM schedules WHERE ended_at = 0 ORDER BY created_at, id")
	if err != nil {
		return nil, fmt.Errorf("list schedules: %w", err)
	}
	return out, nil
}

// OpenScheduled opens a workshop of a schedule, once.
func (s *Store) OpenScheduled(ctx context.Context, w allocator.Workshop, roster []string, after time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		if err := advance(ctx, tx, w.ScheduleID, after, "through = $1, trouble = ''", stamp(w.StartsAt)); err != nil {
			return err
		}
		return addWorkshop(ctx, tx, w, roster)
	})
}

// Miss keeps that a workshop of a schedule was missed.
func (s *Store) Miss(ctx context.Context, id string, after, begin time.Time, why string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		return advance(ctx, tx, id, after, "through = $1, missed_at = $1, trouble = '', missed_because = $4", stamp(begin), why)
	})
}

// TroubleSchedule keeps why the next workshop of a schedule cannot be opened now.
func (s *Store) TroubleSchedule(ctx context.Context, id string, after time.Time, why string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		return advance(ctx, tx, id, after, "trouble = $1", why)
	})
}

// EndSchedule ends a schedule.
func (s *Store) EndSchedule(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		done, err := tx.exec(ctx, "UPDATE schedules SET ended_at = $1 WHERE id = $2 AND ended_at = 0", stamp(at), id)
		if err != nil {
			return fmt.Errorf("end schedule %s: %w", id, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return api.Problemf(api.NotFound, "There is no such schedule", "%s is not known, or has ended.", id)
		}
		return nil
	})
}

// advance changes a schedule by compare-and-set.
func advance(ctx context.Context, tx conn, id string, after time.Time, set string, to any, more ...any) error {
	done, err := tx.exec(ctx, "UPDATE schedules SET "+set+" WHERE id = $2 AND through = $3 AND ended_at = 0", append([]any{to, id, stamp(after)}, more...)...)
	if err != nil {
		return fmt.Errorf("advance schedule %s: %w", id, err)
	}
	if n, err := done.RowsAffected(); err != nil || n == 0 {
		return api.Problemf(api.Conflict, "The schedule has changed meanwhile", "Schedule %s was seen to by somebody else, or has ended.", id)
	}
	return nil
}
