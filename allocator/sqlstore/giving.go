package sqlstore

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

const (
	// open is a workshop that has begun, with the seats that it has left.
	open = `SELECT session_limit, ends_at, seats - (SELECT count(*) FROM seats WHERE workshop_id = $1 AND state = 'assigned')
		FROM workshops WHERE id = $1 AND state = 'open' AND starts_at <= $2`
	// waiting are those who wait longest.
	waiting = `SELECT id, email, claimed_at FROM seats WHERE workshop_id = $1 AND state = 'queued' ORDER BY claimed_at, id LIMIT $2`
	// free are machines that are ready, first those whose tunnels are up. A workshop that
	// may cost nothing more gives people's own machines only.
	free = `SELECT id FROM machines WHERE workshop_id = $1 AND state = 'ready' AND leaving = ''
		AND (join_token <> '' OR NOT (SELECT withheld FROM workshops WHERE id = $1))
		ORDER BY connected DESC, id LIMIT $2`
	// told and taken, and seated, are what is written of pairs.
	told = `INSERT INTO timeline (machine_id, at, from_state, to_state, reason)
		SELECT value ->> 'machine', $2, 'ready', 'assigned', value ->> 'reason' FROM json_each($1)`
	taken = `UPDATE machines SET state = 'assigned', reason = p.value ->> 'reason', changed_at = $2, active_at = 0,
		number = CASE WHEN machines.number < $2 THEN $2 ELSE machines.number + 1 END
		FROM json_each($1) p WHERE machines.id = p.value ->> 'machine' RETURNING machines.id, machines.number`
)

var seated = `UPDATE seats SET state = 'assigned', machine_id = p.value ->> 'machine', assigned_at = $2, ends_at = $3
	FROM json_each($1) p WHERE seats.id = p.value ->> 'seat' AND ` + maySeat(allocator.SeatAssigned)

// pair is somebody who waits, and the machine that they get.
type pair struct {
	Seat    string `json:"seat"`
	Machine string `json:"machine"`
	Reason  string `json:"reason"`

	since int64
	comes *claim // of who comes just now, and has no seat yet
}

// give gives machines that are ready to those who wait. Two can never get the same:
// the index on seats sees to it. Those who come just now wait last; what they get is
// written into their claims, with which it becomes theirs.
func give(ctx context.Context, tx conn, workshop string, at time.Time, come ...*claim) error {
	var limit, over int64
	var left int
	err := tx.row(ctx, open, workshop, stamp(at)).Scan(&limit, &over, &left)
	if errors.Is(err, sql.ErrNoRows) || err == nil && left <= 0 {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for seats of %s: %w", workshop, err)
	}
	pairs, err := list(ctx, tx, func(row scanner) (p pair, err error) {
		err = row.Scan(&p.Seat, &p.Reason, &p.since)
		return p, err
	}, waiting, workshop, left)
	if err != nil {
		return fmt.Errorf("find who waits for machines of %s: %w", workshop, err)
	}
	for _, c := range come {
		pairs = append(pairs, pair{Seat: c.NewSeat, Reason: c.Email, since: stamp(c.At), comes: c})
	}
	if len(pairs) == 0 {
		return nil
	}
	slices.SortFunc(pairs, func(a, b pair) int { return cmp.Or(cmp.Compare(a.since, b.since), cmp.Compare(a.Seat, b.Seat)) })
	machines, err := list(ctx, tx, scanID, free, workshop, min(left, len(pairs)))
	if err != nil {
		return fmt.Errorf("find free machines of %s: %w", workshop, err)
	}
	if len(machines) == 0 {
		return nil
	}
	pairs = pairs[:len(machines)]
	for i, m := range machines {
		pairs[i].Machine, pairs[i].Reason = m, "given to "+pairs[i].Reason
	}
	var ends time.Time // when they give it back
	if limit > 0 {
		ends = allocator.Earlier(at.Add(seconds(limit)), fromStamp(over))
	}
	if err := seat(ctx, tx, pairs, at, ends); err != nil {
		return fmt.Errorf("give out machines of %s: %w", workshop, err)
	}
	return nil
}

// seat gives each of those who wait in one workshop their machine.
func seat(ctx context.Context, tx conn, pairs []pair, at, ends time.Time) error {
	seats := map[string]allocator.Seat{} // by machine
	var waited []pair
	for _, p := range pairs {
		seats[p.Machine] = allocator.Seat{ID: p.Seat, State: allocator.SeatAssigned, AssignedAt: at}
		if p.comes == nil {
			waited = append(waited, p)
		} else {
			p.comes.machine, p.comes.assigned, p.comes.ends = p.Machine, at, ends
		}
	}
	all, err := numbered(pairs)
	if err != nil {
		return err
	}
	statements := []Statement{{tx.dialect.words(told), []any{all, stamp(at)}}}
	if len(waited) > 0 {
		theirs, err := numbered(waited)
		if err != nil {
			return err
		}
		statements = append(statements, Statement{tx.dialect.words(seated), []any{theirs, stamp(at), stamp(ends)}})
	}
	if err := tx.all(ctx, statements...); err != nil {
		return err
	}
	_, err = list(ctx, tx, func(row scanner) (machine string, err error) {
		var number int64
		err = row.Scan(&machine, &number)
		tx.rehold(machine, allocator.Hold{Session: seats[machine].Session(), Number: number})
		return machine, err
	}, tx.dialect.words(taken), all, stamp(at))
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
