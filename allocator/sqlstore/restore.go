package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Restored makes of a backup what an allocator goes on with. Agents may have had orders
// that the backup does not know: machines' numbers rise above those, by the clock.
func (s *Store) Restored(ctx context.Context, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		var knew int64
		var agents int
		err := tx.row(ctx, `SELECT (SELECT coalesce(max(at), 0) FROM events),
			(SELECT count(*) FROM machines WHERE agent_id IS NOT NULL AND state <> 'terminated')`).Scan(&knew, &agents)
		if err != nil {
			return fmt.Errorf("look at what is restored: %w", err)
		}
		detail := fmt.Sprintf("the newest it knows is of %s; %d agents may be replaced", fromStamp(knew).Format("2006-01-02 15:04:05 MST"), agents)
		err = tx.all(
			ctx,
			Statement{"UPDATE machines SET agent_replaceable = $1 WHERE agent_id IS NOT NULL AND state <> 'terminated'", []any{true}},
			Statement{"UPDATE machines SET number = CASE WHEN number < $1 THEN $1 ELSE number + 1 END", []any{stamp(at)}},
			Statement{"DELETE FROM sessions", nil},
			Statement{"INSERT INTO restores (at, knew) VALUES ($1, $2)", []any{stamp(at), knew}},
			Statement{"INSERT INTO events (at, actor, action, subject, detail) VALUES ($1, $2, 'restore backup', '', $3)", []any{stamp(at), allocator.Allocator, detail}},
		)
		if err != nil {
			return fmt.Errorf("go on with what is restored: %w", err)
		}
		return nil
	})
}

// RestoredAt is when a backup was restored last.
func (s *Store) RestoredAt(ctx context.Context) (time.Time, error) {
	var at int64
	if err := s.read.row(ctx, "SELECT coalesce(max(at), 0) FROM restores").Scan(&at); err != nil {
		return time.Time{}, fmt.Errorf("look when a backup was restored: %w", err)
	}
	return fromStamp(at), nil
}

// Serving is how many allocators have said for as long as life that they are there, by
// the database's clock.
func (s *Store) Serving(ctx context.Context, life time.Duration) (allocators int, err error) {
	err = s.read.row(ctx, "SELECT count(*) FROM peers WHERE seen >= "+s.dialect.Clock+" - $1", life.Microseconds()).Scan(&allocators)
	if err != nil {
		return 0, fmt.Errorf("look whether allocators serve: %w", err)
	}
	return allocators, nil
}

// KeepAgent ends that a machine's agent may be replaced.
func (s *Store) KeepAgent(ctx context.Context, machine string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error { return keepAgent(ctx, tx, machine) })
}

func keepAgent(ctx context.Context, tx conn, machine string) error {
	if _, err := tx.exec(ctx, "UPDATE machines SET agent_replaceable = $1 WHERE id = $2 AND agent_replaceable <> $1", false, machine); err != nil {
		return fmt.Errorf("keep the agent of %s: %w", machine, err)
	}
	return nil
}
