package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// KeepUse keeps what a session was used for.
func (s *Store) KeepUse(ctx context.Context, machine, seat string, use api.SessionUse, at time.Time) error {
	raw, err := json.Marshal(use)
	if err != nil {
		return fmt.Errorf("encode the use of session %s: %w", use.Session, err)
	}
	// What a machine makes up takes no turn of those who write. A session that was there
	// when that was read was there.
	if there, err := s.sessionWas(ctx, machine, seat, use.Session); err != nil || !there {
		return err
	}
	return s.exec(ctx, "keep the use of session "+use.Session, `INSERT INTO session_use (session, seat_id, machine_id, at, seconds, used) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (session) DO UPDATE SET at = excluded.at, seconds = excluded.seconds, used = excluded.used
		WHERE session_use.machine_id = excluded.machine_id AND session_use.seconds <= excluded.seconds`,
		use.Session, seat, machine, stamp(at), use.Seconds, string(raw))
}

// sessionWas reports whether a seat's session is on a machine, or was when something was
// kept of it.
func (s *Store) sessionWas(ctx context.Context, machine, seat, session string) (bool, error) {
	live, err := list(ctx, s.read, scanSession, "SELECT id, state, assigned_at FROM seats WHERE id = $1 AND machine_id = $2", seat, machine)
	if err != nil {
		return false, fmt.Errorf("find the seat of session %s: %w", session, err)
	}
	if slices.Contains(live, session) {
		return true, nil
	}
	var kept int
	err = s.read.row(ctx, "SELECT count(*) FROM session_use WHERE session = $1 AND seat_id = $2 AND machine_id = $3", session, seat, machine).Scan(&kept)
	if err != nil {
		return false, fmt.Errorf("find what is kept of session %s: %w", session, err)
	}
	return kept > 0, nil
}

// scanSession scans the session of a seat; "" where it has none.
func scanSession(row scanner) (string, error) {
	var seat allocator.Seat
	var at int64
	err := row.Scan(&seat.ID, &seat.State, &at)
	seat.AssignedAt = fromStamp(at)
	return seat.Session(), err
}

// Uses lists what the sessions of a workshop were used for.
func (s *Store) Uses(ctx context.Context, workshop string) ([]allocator.UsedSeat, error) {
	out, err := list(ctx, s.read, func(row scanner) (allocator.UsedSeat, error) {
		var u allocator.UsedSeat
		var raw string
		if err := row.Scan(&u.Seat, &u.Email, &raw); err != nil {
			return u, err
		}
		return u, json.Unmarshal([]byte(raw), &u.Use)
	}, `SELECT s.id, s.email, u.used FROM session_use u JOIN seats s ON s.id = u.seat_id
		WHERE s.workshop_id = $1 ORDER BY s.claimed_at, s.id, u.session`, workshop)
	if err != nil {
		return nil, fmt.Errorf("list what the sessions of %s were used for: %w", workshop, err)
	}
	return out, nil
}
