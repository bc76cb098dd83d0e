package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
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
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		var there int
		err := tx.row(ctx, `SELECT count(*) FROM seats s WHERE s.id = $1 AND (s.machine_id = $2
			OR EXISTS (SELECT 1 FROM session_use u WHERE u.session = $3 AND u.seat_id = s.id AND u.machine_id = $2))`, seat, machine, use.Session).Scan(&there)
		if err != nil {
			return fmt.Errorf("find the seat of session %s: %w", use.Session, err)
		}
		if there == 0 {
			return nil
		}
		_, err = tx.exec(ctx, `INSERT INTO session_use (session, seat_id, machine_id, at, seconds, used) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (session) DO UPDATE SET at = excluded.at, seconds = excluded.seconds, used = excluded.used
			WHERE session_use.machine_id = excluded.machine_id AND session_use.seconds <= excluded.seconds`,
			use.Session, seat, machine, stamp(at), use.Seconds, string(raw))
		if err != nil {
			return fmt.Errorf("keep the use of session %s: %w", use.Session, err)
		}
		return nil
	})
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
