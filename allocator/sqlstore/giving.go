package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

const (
	// waiting are those who wait longest, if the workshop has begun and as far as it has
	// seats left.
	waiting = `SELECT s.id, s.email, w.session_limit, w.ends_at FROM seats s JOIN workshops w ON w.id = s.workshop_id
		WHERE s.workshop_id = $1 AND s.state = 'queued' AND w.state = 'open' AND w.starts_at <= $2
		ORDER BY s.claimed_at, s.id LIMIT (SELECT CASE WHEN w.seats > n THEN w.seats - n ELSE 0 END FROM workshops w,
			(SELECT count(*) AS n FROM seats WHERE workshop_id = $1 AND state = 'assigned') held WHERE w.id = $1)`
	// free are machines that are ready, first those whose tunnels are up. A workshop that
	// may cost nothing more gives people's own machines only.
	free = `SELECT id FROM machines WHERE workshop_id = $1 AND state = 'ready' AND leaving = ''
		AND (join_token <> '' OR NOT (SELECT withheld FROM workshops WHERE id = $1))
		ORDER BY connected DESC, id LIMIT $2`
	// seated, told and taken are what is written of pairs.
	seated = `UPDATE seats SET state = 'assigned', machine_id = p.value ->> 'machine', assigned_at = $2, ends_at = $3
		FROM json_each($1) p WHERE seats.id = p.value ->> 'seat'`
	told = `INSERT INTO timeline (machine_id, at, from_state, to_state, reason)
		SELECT value ->> 'machine', $2, 'ready', 'assigned', value ->> 'reason' FROM json_each($1)`
	taken = `UPDATE machines SET state = 'assigned', reason = p.value ->> 'reason', changed_at = $2, active_at = 0,
		number = CASE WHEN machines.number < $2 THEN $2 ELSE machines.number + 1 END
		FROM json_each($1) p WHERE machines.id = p.value ->> 'machine' RETURNING machines.id, machines.number`
)

// pair is somebody who waits, and the machine that they get.
type pair struct {
	Seat    string `json:"seat"`
	Machine string `json:"machine"`
	Reason  string `json:"reason"`

	limit, over int64
}

// give gives machines that are ready to those who wait. Two can never get the same:
// the index on seats sees to it.
func give(ctx context.Context, tx conn, workshop string, at time.Time) error {
	pairs, err := list(ctx, tx, func(row scanner) (p pair, err error) {
		err = row.Scan(&p.Seat, &p.Reason, &p.limit, &p.over)
		p.Reason = "given to " + p.Reason
		return p, err
	}, waiting, workshop, stamp(at))
	if err != nil {
		return fmt.Errorf("find who waits for machines of %s: %w", workshop, err)
	}
	if len(pairs) == 0 {
		return nil
	}
	machines, err := list(ctx, tx, func(row scanner) (id string, err error) { return id, row.Scan(&id) }, free, workshop, len(pairs))
	if err != nil {
		return fmt.Errorf("find free machines of %s: %w", workshop, err)
	}
	if len(machines) == 0 {
		return nil
	}
	pairs = pairs[:len(machines)]
	for i, m := range machines {
		pairs[i].Machine = m
	}
	if err := seat(ctx, tx, pairs, at); err != nil {
		return fmt.Errorf("give out machines of %s: %w", workshop, err)
	}
	return nil
}

// seat gives each of those who wait in one workshop their machine.
func seat(ctx context.Context, tx conn, pairs []pair, at time.Time) error {
	seats := map[string]allocator.Seat{} // by machine
	for _, p := range pairs {
		seats[p.Machine] = allocator.Seat{ID: p.Seat, State: allocator.SeatAssigned, AssignedAt: at}
	}
	all, err := numbered(pairs)
	if err != nil {
		return err
	}
	var ends time.Time // when they give it back
	if of := pairs[0]; of.limit > 0 {
		ends = allocator.Earlier(at.Add(seconds(of.limit)), fromStamp(of.over))
	}
	if err := tx.all(ctx, Statement{seated, []any{all, stamp(at), stamp(ends)}}, Statement{told, []any{all, stamp(at)}}); err != nil {
		return err
	}
	_, err = list(ctx, tx, func(row scanner) (machine string, err error) {
		var number int64
		err = row.Scan(&machine, &number)
		tx.rehold(machine, allocator.Hold{Session: seats[machine].Session(), Number: number})
		return machine, err
	}, taken, all, stamp(at))
	return err
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
