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

const seatQuery = `SELECT s.id, s.workshop_id, w.name, s.email, s.state, s.machine_id, s.pin, s.claimed_at
	FROM seats s JOIN workshops w ON w.id = s.workshop_id`

func scanSeat(row scanner) (allocator.Seat, error) {
	var s allocator.Seat
	var claimed int64
	var pin []byte
	err := row.Scan(&s.ID, &s.WorkshopID, &s.Workshop, &s.Email, &s.State, &s.MachineID, &pin, &claimed)
	copy(s.PIN[:], pin)
	s.ClaimedAt = fromStamp(claimed)
	return s, err
}

// Claim gives a participant a machine, or the seat they hold. It is what many do at
// once, so it asks the database as few questions as it can.
func (s *Store) Claim(ctx context.Context, r allocator.ClaimRequest) (seat allocator.Seat, isNew bool, err error) {
	var refused error // a wrong PIN is counted, so the change that counts it succeeds
	err = s.change(ctx, func(ctx context.Context, tx conn) error {
		held, err := list(ctx, tx, scanSeat, seatQuery+` WHERE s.workshop_id = $1 AND s.state = 'assigned'
			AND (s.email = $2 OR s.id IN (SELECT seat_id FROM seat_tokens WHERE token = $3)) ORDER BY s.email <> $2`, r.WorkshopID, r.Email, r.Token[:])
		switch {
		case err != nil:
			return fmt.Errorf("find the seat of %s: %w", r.Email, err)
		case len(held) == 0:
			isNew = true
			seat, err = take(ctx, tx, r)
			return err
		}
		seat = held[0]
		if seat.Email == r.Email {
			refused, err = rejoin(ctx, tx, seat, r)
			return err
		}
		// A second machine is refused to one browser, as after a mistyped address.
		refused = api.Problemf(api.Conflict, "This browser holds a seat already", "It is the seat of %s. Go on there, or leave it first to join with another address.", seat.Email)
		seat = allocator.Seat{}
		return nil
	})
	if err == nil {
		err = refused
	}
	return seat, isNew && err == nil, err
}

// take gives the participant a machine that is ready, best one whose tunnel is
// up. Two can never get the same: the index on seats sees to it.
func take(ctx context.Context, tx conn, r allocator.ClaimRequest) (allocator.Seat, error) {
	m := allocator.Machine{State: allocator.Ready}
	seat := allocator.Seat{ID: r.NewSeat, WorkshopID: r.WorkshopID, Email: r.Email, State: allocator.SeatAssigned, PIN: r.NewPIN, ClaimedAt: fromStamp(stamp(r.At))}
	err := tx.row(ctx, `SELECT m.id, w.name FROM machines m JOIN workshops w ON w.id = m.workshop_id
		WHERE m.workshop_id = $1 AND m.state = 'ready' AND w.state = 'open' ORDER BY m.connected DESC, m.id LIMIT 1`, r.WorkshopID).Scan(&m.ID, &seat.Workshop)
	if errors.Is(err, sql.ErrNoRows) {
		return seat, api.Problemf(api.Capacity, "No machine is free", "All machines of this workshop are taken or still starting. Try again in a minute, or ask your instructor.")
	}
	if err != nil {
		return seat, fmt.Errorf("find a free machine: %w", err)
	}
	seat.MachineID = m.ID
	err = tx.all(ctx, append(moving(m, allocator.Assigned, "given to "+r.Email, r.At),
		Statement{
			"INSERT INTO seats (id, workshop_id, email, state, machine_id, pin, claimed_at) VALUES ($1, $2, $3, 'assigned', $4, $5, $6)",
			[]any{r.NewSeat, r.WorkshopID, r.Email, m.ID, r.NewPIN[:], stamp(r.At)},
		},
		knowing(r.NewSeat, r))...)
	if err != nil {
		return seat, fmt.Errorf("give machine %s to %s: %w", m.ID, r.Email, err)
	}
	return seat, nil
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
	if err := tx.all(ctx, knowing(seat, r)); err != nil {
		return fmt.Errorf("keep the token of seat %s: %w", seat, err)
	}
	return nil
}

// knowing is the statement for that.
func knowing(seat string, r allocator.ClaimRequest) Statement {
	return Statement{
		`INSERT INTO seat_tokens (token, seat_id, used_at) VALUES ($1, $2, $3)
		ON CONFLICT (token, seat_id) DO UPDATE SET used_at = excluded.used_at`,
		[]any{r.Token[:], seat, stamp(r.At)},
	}
}

// SeatByToken finds the live seat that a token was used for last.
func (s *Store) SeatByToken(ctx context.Context, token [32]byte) (allocator.Seat, error) {
	seat, err := scanSeat(s.read.row(ctx, seatQuery+" JOIN seat_tokens t ON t.seat_id = s.id WHERE t.token = $1 AND s.state = 'assigned' ORDER BY t.used_at DESC LIMIT 1", token[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return seat, api.Problemf(api.NotFound, "You hold no seat", "Open the link that your instructor gave you.")
	}
	if err != nil {
		return seat, fmt.Errorf("find a seat: %w", err)
	}
	return seat, nil
}

// ReleaseSeat ends a live seat. Its machine is ready again, if it is well.
func (s *Store) ReleaseSeat(ctx context.Context, id, reason string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		var machine string
		var health api.Health
		var healthReason string
		err := tx.row(ctx, `SELECT m.id, m.health, m.health_reason FROM seats s JOIN machines m ON m.id = s.machine_id
			WHERE s.id = $1 AND s.state = 'assigned'`, id).Scan(&machine, &health, &healthReason)
		if errors.Is(err, sql.ErrNoRows) {
			return api.Problemf(api.NotFound, "The seat is not held any more", "It was released before.")
		}
		if err != nil {
			return fmt.Errorf("find seat %s: %w", id, err)
		}
		m, err := oneMachine(ctx, tx, machine)
		if err != nil {
			return err
		}
		if health == api.Unhealthy {
			return move(ctx, tx, m, allocator.Unhealthy, healthReason, at)
		}
		return move(ctx, tx, m, allocator.Ready, reason, at)
	})
}
