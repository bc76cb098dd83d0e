package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// giving gives those who wait longest each a machine that is ready, best one whose
// tunnel is up, if the workshop has begun and as far as it has seats left. One that may
// cost nothing more gives people's own machines only. Two can never get the same: the
// index on seats sees to it.
const giving = `WITH w AS (
		SELECT CASE WHEN session_limit = 0 THEN 0 WHEN ends_at > 0 AND ends_at < $2 + session_limit * 1000000 THEN ends_at
			ELSE $2 + session_limit * 1000000 END AS until,
			seats - (SELECT count(*) FROM seats WHERE workshop_id = $1 AND state = 'assigned') AS room
		FROM workshops WHERE id = $1 AND state = 'open' AND starts_at <= $2),
	q AS (
		SELECT id, row_number() OVER (ORDER BY claimed_at, id) AS n
		FROM seats WHERE workshop_id = $1 AND state = 'queued'),
	m AS (
		SELECT id, row_number() OVER (ORDER BY connected DESC, id) AS n FROM machines WHERE workshop_id = $1 AND state = 'ready' AND leaving = ''
		AND (join_token <> '' OR NOT (SELECT withheld FROM workshops WHERE id = $1))
		ORDER BY n LIMIT (SELECT count(*) FROM q))
	UPDATE seats SET state = 'assigned', machine_id = p.machine, assigned_at = $2, ends_at = p.until
	FROM (SELECT q.id AS seat, m.id AS machine, w.until FROM w JOIN q ON q.n <= w.room JOIN m ON m.n = q.n) AS p
	WHERE seats.id = p.seat RETURNING id, machine_id`

// given is said of machines that giving gave, and taking takes them: those that are
// ready, though somebody holds them.
const (
	given = `INSERT INTO timeline (machine_id, at, from_state, to_state, reason)
		SELECT m.id, $2, 'ready', 'assigned', 'given to ' || s.email FROM machines m JOIN seats s ON s.machine_id = m.id AND s.state = 'assigned'
		WHERE m.workshop_id = $1 AND m.state = 'ready' ORDER BY s.claimed_at, s.id`
	taking = `UPDATE machines SET state = 'assigned', reason = 'given to ' || s.email, changed_at = $2, active_at = 0,
		number = CASE WHEN machines.number < $2 THEN $2 ELSE machines.number + 1 END
		FROM seats s WHERE s.machine_id = machines.id AND s.state = 'assigned' AND machines.workshop_id = $1 AND machines.state = 'ready'
		RETURNING machines.id, machines.number`
)

// give gives machines that are ready to those who wait.
func give(ctx context.Context, tx conn, workshop string, at time.Time) error {
	type pair struct{ seat, machine string }
	pairs, err := list(ctx, tx, func(row scanner) (p pair, err error) { return p, row.Scan(&p.seat, &p.machine) }, giving, workshop, stamp(at))
	if err != nil {
		return fmt.Errorf("give seats of %s machines: %w", workshop, err)
	}
	if len(pairs) == 0 {
		return nil
	}
	seats := map[string]allocator.Seat{} // by machine
	for _, p := range pairs {
		seats[p.machine] = allocator.Seat{ID: p.seat, State: allocator.SeatAssigned, AssignedAt: at}
	}
	if _, err := tx.exec(ctx, given, workshop, stamp(at)); err != nil {
		return fmt.Errorf("tell what machines of %s became: %w", workshop, err)
	}
	_, err = list(ctx, tx, func(row scanner) (machine string, err error) {
		var number int64
		err = row.Scan(&machine, &number)
		tx.rehold(machine, allocator.Hold{Session: seats[machine].Session(), Number: number})
		return machine, err
	}, taking, workshop, stamp(at))
	if err != nil {
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
