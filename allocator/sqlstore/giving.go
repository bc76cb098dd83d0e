package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// pairs are those who wait longest, each with a machine that is ready, best one whose
// tunnel is up, if the workshop has begun and as far as it has seats left. One that may
// cost nothing more gives people's own machines only.
const pairs = `WITH w AS (
		SELECT session_limit, ends_at, seats - (SELECT count(*) FROM seats WHERE workshop_id = $1 AND state = 'assigned') AS room
		FROM workshops WHERE id = $1 AND state = 'open' AND starts_at <= $2),
	q AS (
		SELECT id, email, row_number() OVER (ORDER BY claimed_at, id) AS n
		FROM seats WHERE workshop_id = $1 AND state = 'queued'),
	m AS (
		SELECT id, row_number() OVER (ORDER BY connected DESC, id) AS n FROM machines WHERE workshop_id = $1 AND state = 'ready' AND leaving = ''
		AND (join_token <> '' OR NOT (SELECT withheld FROM workshops WHERE id = $1))
		ORDER BY n LIMIT (SELECT count(*) FROM q))
	SELECT q.id, q.email, m.id, w.session_limit, w.ends_at FROM w JOIN q ON q.n <= w.room JOIN m ON m.n = q.n ORDER BY q.n`

// pair is a participant who waits and the machine that they get.
type pair struct {
	seat, email, machine string
	ends                 time.Time // when they give it back
}

// give gives machines that are ready to those who wait. Two can never get the same:
// the index on seats sees to it.
func give(ctx context.Context, tx conn, workshop string, at time.Time) error {
	found, err := list(ctx, tx, func(row scanner) (p pair, err error) {
		var limit, over int64
		err = row.Scan(&p.seat, &p.email, &p.machine, &limit, &over)
		if limit > 0 {
			p.ends = allocator.Earlier(at.Add(seconds(limit)), fromStamp(over))
		}
		return p, err
	}, pairs, workshop, stamp(at))
	if err != nil {
		return fmt.Errorf("find free machines of %s: %w", workshop, err)
	}
	var given []Statement
	for _, p := range found {
		m := allocator.Machine{ID: p.machine, WorkshopID: workshop, State: allocator.Ready}
		given = append(append(given, moving(m, allocator.Assigned, "given to "+p.email, at)...), Statement{
			"UPDATE seats SET state = 'assigned', machine_id = $1, assigned_at = $2, ends_at = $3 WHERE id = $4",
			[]any{p.machine, stamp(at), stamp(p.ends), p.seat},
		})
		tx.rehold(p.machine)
	}
	if err := tx.all(ctx, given...); err != nil {
		return fmt.Errorf("give out machines of %s: %w", workshop, err)
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
