package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// SeatHistory lists all seats that a workshop ever had.
func (s *Store) SeatHistory(ctx context.Context, workshop string) ([]allocator.PastSeat, error) {
	out, err := list(ctx, s.read, scanPastSeat, pastSeatQuery+" WHERE s.workshop_id = $1 ORDER BY s.claimed_at, s.id", workshop)
	if err != nil {
		return nil, fmt.Errorf("list all seats of %s: %w", workshop, err)
	}
	return out, nil
}

// FormerSeat finds the seat that a token stood for and that was released last.
func (s *Store) FormerSeat(ctx context.Context, token [32]byte) (allocator.PastSeat, error) {
	seat, err := scanPastSeat(s.read.row(ctx, pastSeatQuery+" JOIN seat_tokens t ON t.seat_id = s.id WHERE t.token = $1 AND s.state = 'released' ORDER BY s.released_at DESC, s.id LIMIT 1", token[:]))
	if errors.Is(err, sql.ErrNoRows) {
		return seat, allocator.NoSeat()
	}
	if err != nil {
		return seat, fmt.Errorf("find what became of a seat: %w", err)
	}
	return seat, nil
}

const pastSeatQuery = `SELECT s.id, s.workshop_id, w.name, s.email, s.state, coalesce(s.machine_id, ''), s.note,
	s.claimed_at, s.assigned_at, s.ends_at, s.released_at, s.released_because, coalesce(m.pool, ''), coalesce(m.type, ''), coalesce(m.zone, '')
	FROM seats s JOIN workshops w ON w.id = s.workshop_id LEFT JOIN machines m ON m.id = s.machine_id`

func scanPastSeat(row scanner) (allocator.PastSeat, error) {
	var s allocator.PastSeat
	var claimed, assigned, ends, released int64
	err := row.Scan(&s.ID, &s.WorkshopID, &s.Workshop, &s.Email, &s.State, &s.MachineID, &s.Note,
		&claimed, &assigned, &ends, &released, &s.ReleasedBecause, &s.Pool, &s.Type, &s.Zone)
	s.ClaimedAt, s.AssignedAt, s.EndsAt, s.ReleasedAt = fromStamp(claimed), fromStamp(assigned), fromStamp(ends), fromStamp(released)
	return s, err
}
