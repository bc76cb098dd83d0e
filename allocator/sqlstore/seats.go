package sqlstore

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// maxPINs is how often a PIN may be typed wrong before only the instructor can
// help.
const maxPINs = 5

const seatQuery = `SELECT s.id, s.workshop_id, w.name, s.email, s.state, coalesce(s.machine_id, ''), s.note, s.pin, s.claimed_at, s.assigned_at, s.ends_at,
	CASE s.state WHEN 'queued' THEN (SELECT count(*) FROM seats q WHERE q.workshop_id = s.workshop_id AND q.state = 'queued' AND (q.claimed_at, q.id) <= (s.claimed_at, s.id)) ELSE 0 END
	FROM seats s JOIN workshops w ON w.id = s.workshop_id`

func scanSeat(row scanner) (allocator.Seat, error) {
	var s allocator.Seat
	var claimed, assigned, ends int64
	var pin []byte
	err := row.Scan(&s.ID, &s.WorkshopID, &s.Workshop, &s.Email, &s.State, &s.MachineID, &s.Note, &pin, &claimed, &assigned, &ends, &s.Position)
	copy(s.PIN[:], pin)
	s.ClaimedAt, s.AssignedAt, s.EndsAt = fromStamp(claimed), fromStamp(assigned), fromStamp(ends)
	return s, err
}

// Claim gives a participant a seat, or the one they hold.
func (s *Store) Claim(ctx context.Context, r allocator.ClaimRequest) (seat allocator.Seat, isNew bool, err error) {
	var refused error // a wrong PIN is counted, so the change that counts it succeeds
	err = s.change(ctx, func(ctx context.Context, tx conn) error {
		var err error
		seat, err = scanSeat(tx.row(ctx, seatQuery+" WHERE s.workshop_id = $1 AND s.email = $2 AND s.state <> 'released'", r.WorkshopID, r.Email))
		switch {
		case err == nil:
			refused, err = rejoin(ctx, tx, seat, r)
			return err
		case !errors.Is(err, sql.ErrNoRows):
			return fmt.Errorf("find the seat of %s: %w", r.Email, err)
		}
		if refused, err = mayJoin(ctx, tx, r); refused != nil || err != nil {
			return err
		}
		isNew = true
		seat, err = join(ctx, tx, r)
		return err
	})
	if err == nil {
		err = refused
	}
	return seat, isNew && err == nil, err
}

// mayJoin refuses who is not invited, and a second machine of a workshop to one
// browser, as after a mistyped address.
func mayJoin(ctx context.Context, tx conn, r allocator.ClaimRequest) (refused, err error) {
	var open, invited bool
	var other string
	err = tx.row(ctx, `SELECT w.state = 'open', w.invited = $1 OR EXISTS (SELECT 1 FROM roster WHERE workshop_id = w.id AND email = $2),
		coalesce((SELECT s.email FROM seats s JOIN seat_tokens t ON t.seat_id = s.id WHERE t.token = $3 AND s.workshop_id = w.id AND s.state <> 'released' LIMIT 1), '')
		FROM workshops w WHERE w.id = $4`, false, r.Email, r.Token[:], r.WorkshopID).Scan(&open, &invited, &other)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look whether %s may join: %w", r.Email, err)
	case !open:
		return api.Problemf(api.Conflict, "This workshop has ended", "Ask your instructor whether there is another one."), nil
	case !invited:
		return api.Problemf(api.Forbidden, "That address is not on the list", "This workshop is for invited people. Use the address that you were invited with, or ask your instructor to add %s.", r.Email), nil
	case other != "":
		return api.Problemf(api.Conflict, "This browser holds a seat already", "It is the seat of %s. Go on there, or leave it first to join with another address.", other), nil
	}
	return nil, nil
}

// join puts a participant at the end of the queue, and gives out what is there.
func join(ctx context.Context, tx conn, r allocator.ClaimRequest) (seat allocator.Seat, err error) {
	_, err = tx.exec(ctx, "INSERT INTO seats (id, workshop_id, email, state, pin, claimed_at) VALUES ($1, $2, $3, 'queued', $4, $5)",
		r.NewSeat, r.WorkshopID, r.Email, r.NewPIN[:], stamp(r.At))
	if err != nil {
		return seat, fmt.Errorf("add the seat of %s: %w", r.Email, err)
	}
	if err := addToken(ctx, tx, r.NewSeat, r); err != nil {
		return seat, err
	}
	if err := give(ctx, tx, r.WorkshopID, r.At); err != nil {
		return seat, err
	}
	return scanSeat(tx.row(ctx, seatQuery+" WHERE s.id = $1", r.NewSeat))
}

// next pairs who waits longest with the machine that is ready, best one whose tunnel
// is up, if the workshop has begun and has a seat left.
const next = `SELECT
	(SELECT id FROM seats WHERE workshop_id = w.id AND state = 'queued' ORDER BY claimed_at, id LIMIT 1),
	(SELECT id FROM machines WHERE workshop_id = w.id AND state = 'ready' ORDER BY connected DESC, id LIMIT 1),
	w.session_limit
	FROM workshops w WHERE w.id = $1 AND w.state = 'open' AND w.starts_at <= $2
	AND (SELECT count(*) FROM seats WHERE workshop_id = w.id AND state = 'assigned') < w.seats`

// give gives machines that are ready to those who wait. Two can never get the same:
// the index on seats sees to it.
func give(ctx context.Context, tx conn, workshop string, at time.Time) error {
	for {
		var seat, machine sql.NullString
		var limit int64
		err := tx.row(ctx, next, workshop, stamp(at)).Scan(&seat, &machine, &limit)
		switch {
		case errors.Is(err, sql.ErrNoRows) || err == nil && (!seat.Valid || !machine.Valid):
			return nil
		case err != nil:
			return fmt.Errorf("find a free machine of %s: %w", workshop, err)
		}
		if err := assign(ctx, tx, seat.String, machine.String, seconds(limit), at); err != nil {
			return err
		}
	}
}

// assign gives a seat its machine.
func assign(ctx context.Context, tx conn, seat, machine string, limit time.Duration, at time.Time) error {
	var email string
	var ends time.Time
	if limit > 0 {
		ends = at.Add(limit)
	}
	err := tx.row(ctx, "UPDATE seats SET state = 'assigned', machine_id = $1, assigned_at = $2, ends_at = $3 WHERE id = $4 RETURNING email",
		machine, stamp(at), stamp(ends), seat).Scan(&email)
	if err != nil {
		return fmt.Errorf("give machine %s to seat %s: %w", machine, seat, err)
	}
	m, err := oneMachine(ctx, tx, machine)
	if err != nil {
		return err
	}
	return move(ctx, tx, m, allocator.Assigned, "given to "+email, at)
}

// waitAgain puts who held a machine back to where they were in the queue.
func waitAgain(ctx context.Context, tx conn, machine, why string) error {
	_, err := tx.exec(ctx, `UPDATE seats SET state = 'queued', machine_id = NULL, assigned_at = 0, ends_at = 0, note = $1
		WHERE machine_id = $2 AND state = 'assigned'`, why, machine)
	if err != nil {
		return fmt.Errorf("take the seat from %s: %w", machine, err)
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

// rejoin lets the same person back in: by the browser's token, or by the PIN.
func rejoin(ctx context.Context, tx conn, seat allocator.Seat, r allocator.ClaimRequest) (refused, err error) {
	var known bool
	var pin []byte
	var failures int
	err = tx.row(ctx, "SELECT EXISTS (SELECT 1 FROM seat_tokens WHERE token = $1 AND seat_id = s.id), pin, pin_failures FROM seats s WHERE id = $2",
		r.Token[:], seat.ID).Scan(&known, &pin, &failures)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look at seat %s: %w", seat.ID, err)
	case known:
		return nil, addToken(ctx, tx, seat.ID, r)
	case failures >= maxPINs:
		return api.Problemf(api.Forbidden, "This seat is locked", "The PIN was wrong too often. Go on in the browser where you first joined, or ask your instructor to end its machine, so that you get another."), nil
	case r.GivenPIN == [32]byte{}:
		return api.Problemf(api.Forbidden, "This seat was claimed in another browser", "Enter the PIN that was shown there, or ask your instructor."), nil
	case subtle.ConstantTimeCompare(pin, r.GivenPIN[:]) != 1:
		if _, err := tx.exec(ctx, "UPDATE seats SET pin_failures = pin_failures + 1 WHERE id = $1", seat.ID); err != nil {
			return nil, fmt.Errorf("count a wrong PIN: %w", err)
		}
		return api.Problemf(api.Forbidden, "The PIN is wrong", "It has six digits and was shown when you first joined."), nil
	}
	if _, err := tx.exec(ctx, "UPDATE seats SET pin_failures = 0 WHERE id = $1", seat.ID); err != nil {
		return nil, fmt.Errorf("forget wrong PINs: %w", err)
	}
	return nil, addToken(ctx, tx, seat.ID, r)
}

// addToken lets a browser's token stand for a seat, and makes it the one that the
// browser used last.
func addToken(ctx context.Context, tx conn, seat string, r allocator.ClaimRequest) error {
	_, err := tx.exec(ctx, `INSERT INTO seat_tokens (token, seat_id, used_at) VALUES ($1, $2, $3)
		ON CONFLICT (token, seat_id) DO UPDATE SET used_at = excluded.used_at`, r.Token[:], seat, stamp(r.At))
	if err != nil {
		return fmt.Errorf("keep the token of seat %s: %w", seat, err)
	}
	return nil
}

// SeatByToken finds the live seat that a token was used for last.
func (s *Store) SeatByToken(ctx context.Context, token [32]byte) (allocator.Seat, error) {
	seat, err := scanSeat(s.read.row(ctx, seatQuery+" JOIN seat_tokens t ON t.seat_id = s.id WHERE t.token = $1 AND s.state <> 'released' ORDER BY t.used_at DESC LIMIT 1", token[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return seat, api.Problemf(api.NotFound, "You hold no seat", "Open the link that your instructor gave you.")
	}
	if err != nil {
		return seat, fmt.Errorf("find a seat: %w", err)
	}
	return seat, nil
}
