package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// next pairs who waits longest with the machine that is ready, best one whose tunnel
// is up, if the workshop has begun and has a seat left.
const next = `SELECT s.id, s.email, m.id, w.session_limit, w.ends_at, (SELECT count(*) FROM seats WHERE workshop_id = w.id AND state = 'queued')
	FROM workshops w
	JOIN seats s ON s.id = (SELECT id FROM seats WHERE workshop_id = w.id AND state = 'queued' ORDER BY claimed_at, id LIMIT 1)
	JOIN machines m ON m.id = (SELECT id FROM machines WHERE workshop_id = w.id AND state = 'ready' AND leaving = '' ORDER BY connected DESC, id LIMIT 1)
	WHERE w.id = $1 AND w.state = 'open' AND w.starts_at <= $2
	AND (SELECT count(*) FROM seats WHERE workshop_id = w.id AND state = 'assigned') < w.seats`

// give gives machines that are ready to those who wait. Two can never get the same:
// the index on seats sees to it.
func give(ctx context.Context, tx conn, workshop string, at time.Time) error {
	for waiting := 2; waiting > 1; {
		var seat, email string
		var limit, over int64
		m := allocator.Machine{WorkshopID: workshop, State: allocator.Ready}
		err := tx.row(ctx, next, workshop, stamp(at)).Scan(&seat, &email, &m.ID, &limit, &over, &waiting)
		if errors.Is(err, sql.ErrNoRows) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("find a free machine of %s: %w", workshop, err)
		}
		var ends time.Time
		if limit > 0 {
			ends = allocator.Earlier(at.Add(seconds(limit)), fromStamp(over))
		}
		err = tx.all(ctx, append(moving(m, allocator.Assigned, "given to "+email, at), Statement{
			"UPDATE seats SET state = 'assigned', machine_id = $1, assigned_at = $2, ends_at = $3 WHERE id = $4",
			[]any{m.ID, stamp(at), stamp(ends), seat},
		})...)
		if err != nil {
			return fmt.Errorf("give machine %s to %s: %w", m.ID, email, err)
		}
		tx.rehold(m.ID)
	}
	return nil
}

// GiveSeats gives out the machines of a workshop that are ready.
func (s *Store) GiveSeats(ctx context.Context, workshop string, at time.Time) error {
	var waiting bool // mostly nobody does, and then nothing is written
	err := s.read.row(ctx, "SELECT EXISTS (SELECT 1 FROM seats WHERE workshop_id = $1 AND state = 'queued')", workshop).Scan(&waiting)
	if err != nil || !waiting {
		return err
	}
	return s.change(ctx, func(ctx context.Context, tx conn) error { return give(ctx, tx, workshop, at) })
}
