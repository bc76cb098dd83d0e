package sqlstore

import (
	"context"
	"crypto/subtle"
	"database/sql"
	"errors"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// maxPINs is how often a PIN may be typed wrong in one place, and allPINs how often
// anywhere, before it helps there no more. The browsers that are known go on.
const (
	maxPINs = 5
	allPINs = 100
)

// A seat is read with its place in the queue; in a list of many that is counted
// elsewhere. Why its participant lost a machine is as old as the note that it was kept
// with: the release before keeps a note alone.
const (
	seatFields = `SELECT s.id, s.workshop_id, w.name, s.email, s.state, coalesce(s.machine_id, ''), s.note, CASE WHEN s.lost_note = s.note THEN s.lost ELSE '' END, s.pin, s.claimed_at, s.assigned_at, s.ends_at, w.ends_at, w.capped_at, w.withheld, w.idle_limit, coalesce(h.active_at, 0), s.message, s.message_at, w.previews, w.previews AND s.previews_told, `
	seatPlace  = `CASE s.state WHEN 'queued' THEN (SELECT count(*) FROM seats q WHERE q.workshop_id = s.workshop_id AND q.state = 'queued' AND (q.claimed_at, q.id) <= (s.claimed_at, s.id)) ELSE 0 END`
	seatFrom   = ` FROM seats s JOIN workshops w ON w.id = s.workshop_id LEFT JOIN machines h ON h.id = s.machine_id AND s.state = 'assigned'`
	seatQuery  = seatFields + seatPlace + seatFrom
)

func scanSeat(row scanner) (allocator.Seat, error) {
	var s allocator.Seat
	var claimed, assigned, ends, over, capped, idle, active, told int64
	var pin []byte
	err := row.Scan(&s.ID, &s.WorkshopID, &s.Workshop, &s.Email, &s.State, &s.MachineID, &s.Note, &s.Lost, &pin, &claimed, &assigned, &ends, &over, &capped, &s.Withheld, &idle, &active, &s.Message, &told, &s.Previews, &s.PreviewsTold, &s.Position)
	copy(s.PIN[:], pin)
	s.ClaimedAt, s.AssignedAt, s.EndsAt = fromStamp(claimed), fromStamp(assigned), fromStamp(ends)
	s.WorkshopEndsAt, s.CappedAt, s.MessageAt = fromStamp(over), fromStamp(capped), fromStamp(told)
	if idle > 0 && active > 0 {
		s.IdleEndsAt = fromStamp(max(active, assigned)).Add(seconds(idle))
	}
	return s, err
}

func oneSeat(ctx context.Context, tx conn, id string) (allocator.Seat, error) {
	seat, err := scanSeat(tx.row(ctx, seatQuery+" WHERE s.id = $1", id))
	return seat, found(err, "seat", id)
}

// Seat finds a live seat.
func (s *Store) Seat(ctx context.Context, id string) (allocator.Seat, error) {
	seat, err := scanSeat(s.read.row(ctx, seatQuery+" WHERE s.id = $1 AND s.state <> 'released'", id))
	return seat, found(err, "seat", id)
}

// rejoin lets the same person back in: by the browser's token, or by the PIN.
func rejoin(ctx context.Context, tx conn, seat allocator.Seat, r allocator.ClaimRequest) (refused, err error) {
	var known bool
	var pin []byte
	var here, all int
	err = tx.row(ctx, `SELECT EXISTS (SELECT 1 FROM seat_tokens WHERE token = $1 AND seat_id = s.id), pin, pin_failures,
		coalesce((SELECT failures FROM pin_failures WHERE seat_id = s.id AND source = $3), 0) FROM seats s WHERE id = $2`,
		r.Token[:], seat.ID, r.Source[:]).Scan(&known, &pin, &all, &here)
	switch {
	case err != nil:
		return nil, fmt.Errorf("look at seat %s: %w", seat.ID, err)
	case known:
		return nil, addToken(ctx, tx, seat.ID, r)
	case here >= maxPINs || all >= allPINs:
		return api.Problemf(api.Forbidden, "This seat is locked", "The PIN was wrong too often. Go on in the browser where you first joined, or ask your instructor to release it, so that you can join again."), nil
	case r.GivenPIN == [32]byte{}:
		return api.Problemf(api.Forbidden, "This seat was claimed in another browser", "Enter the PIN that was shown there, or ask your instructor."), nil
	case subtle.ConstantTimeCompare(pin, r.GivenPIN[:]) != 1:
		if err := countPIN(ctx, tx, seat.ID, r); err != nil {
			return nil, fmt.Errorf("count a wrong PIN: %w", err)
		}
		return api.Problemf(api.Forbidden, "The PIN is wrong", "It has six digits and was shown when you first joined."), nil
	}
	if _, err := tx.exec(ctx, "DELETE FROM pin_failures WHERE seat_id = $1 AND source = $2", seat.ID, r.Source[:]); err != nil {
		return nil, fmt.Errorf("forget wrong PINs: %w", err)
	}
	return nil, addToken(ctx, tx, seat.ID, r)
}

// countPIN counts a wrong PIN against where it was typed, and against the seat.
func countPIN(ctx context.Context, tx conn, seat string, r allocator.ClaimRequest) error {
	return tx.all(ctx,
		Statement{"UPDATE seats SET pin_failures = pin_failures + 1 WHERE id = $1", []any{seat}},
		Statement{`INSERT INTO pin_failures (seat_id, source, failures) VALUES ($1, $2, 1)
			ON CONFLICT (seat_id, source) DO UPDATE SET failures = pin_failures.failures + 1`, []any{seat, r.Source[:]}})
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
	seat, err := scanSeat(s.read.row(ctx, seatQuery+" JOIN seat_tokens t ON t.seat_id = s.id WHERE t.token = $1 AND s.state <> 'released' ORDER BY t.used_at DESC LIMIT 1", token[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return seat, allocator.NoSeat()
	}
	if err != nil {
		return seat, fmt.Errorf("find a seat: %w", err)
	}
	return seat, nil
}

// HeldSeat finds one of the live seats that a token stands for.
func (s *Store) HeldSeat(ctx context.Context, token [32]byte, id string) (allocator.Seat, error) {
	seat, err := scanSeat(s.read.row(ctx, seatQuery+" JOIN seat_tokens t ON t.seat_id = s.id WHERE t.token = $1 AND s.id = $2 AND s.state <> 'released'", token[:], id))
	if errors.Is(err, sql.ErrNoRows) {
		return seat, allocator.NoSeat()
	}
	if err != nil {
		return seat, fmt.Errorf("find a seat: %w", err)
	}
	return seat, nil
}
