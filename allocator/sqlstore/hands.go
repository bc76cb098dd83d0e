package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// MoveSeat gives a seat another machine. The one before goes on as if its participant
// had left.
func (s *Store) MoveSeat(ctx context.Context, id, reason string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		seat, err := oneSeat(ctx, tx, id)
		if err != nil {
			return err
		}
		if seat.State != allocator.SeatAssigned {
			return notHeld()
		}
		was, err := oneMachine(ctx, tx, seat.MachineID)
		if err != nil {
			return err
		}
		to := allocator.Machine{WorkshopID: seat.WorkshopID, State: allocator.Ready}
		err = tx.row(ctx, free, seat.WorkshopID, 1).Scan(&to.ID)
		if errors.Is(err, sql.ErrNoRows) {
			return api.Problemf(api.Capacity, "No other machine is ready", "Give the workshop a spare, with \"Change it\" on its page or by lablink change, or replace the machine: then its participant is moved once another one is ready.")
		}
		if err != nil {
			return fmt.Errorf("find another machine for seat %s: %w", id, err)
		}
		err = tx.all(ctx, append(moving(to, allocator.Assigned, "given to "+seat.Email, at), Statement{
			"UPDATE seats SET machine_id = $1, assigned_at = $2, note = $3, lost = $5, lost_note = $3 WHERE id = $4", []any{to.ID, stamp(at), reason, id, was.Lost(allocator.Ready, reason)},
		})...)
		if err != nil {
			return fmt.Errorf("move seat %s: %w", id, err)
		}
		tx.rehold(to.ID, allocator.Hold{})
		return vacate(ctx, tx, was, hold{id, seat.AssignedAt}, reason, at)
	})
}

// vacate lets a machine that somebody held go on: what they made is collected first,
// and nobody gets one that is not well.
func vacate(ctx context.Context, tx conn, m allocator.Machine, h hold, reason string, at time.Time) error {
	first, err := collects(ctx, tx, m, h)
	switch {
	case err != nil:
		return err
	case first:
		return drain(ctx, tx, m, h, "", reason, at)
	case m.Health == api.Unhealthy:
		return move(ctx, tx, m, allocator.Unhealthy, m.HealthReason, at)
	}
	return move(ctx, tx, m, allocator.Ready, reason, at)
}

// KeepSeat lets a seat end at another time, whoever waits.
func (s *Store) KeepSeat(ctx context.Context, id string, from, to, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		var ends int64
		var machine string
		err := tx.row(ctx, "SELECT ends_at, machine_id FROM seats WHERE id = $1 AND state = 'assigned'", id).Scan(&ends, &machine)
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return notHeld()
		case err != nil:
			return fmt.Errorf("find seat %s: %w", id, err)
		case ends != stamp(from):
			return api.Problemf(api.Conflict, "The seat was extended already", "Look again until when it goes on.")
		}
		return tx.all(
			ctx,
			Statement{"UPDATE seats SET ends_at = $1 WHERE id = $2", []any{stamp(to), id}},
			Statement{"UPDATE machines SET active_at = $1 WHERE id = $2 AND active_at > 0", []any{stamp(at), machine}},
		)
	})
}

// LeaveMachine keeps why a machine is to go.
func (s *Store) LeaveMachine(ctx context.Context, seen allocator.Machine, reason string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := asSeen(ctx, tx, seen)
		if err != nil {
			return err
		}
		if m.State != allocator.Ready && m.State != allocator.Assigned {
			return api.Problemf(api.Conflict, "The machine cannot be replaced now", "Machine %s is %s: one that has failed is replaced by itself.", m.ID, m.State)
		}
		return tx.all(ctx, Statement{"UPDATE machines SET leaving = $1 WHERE id = $2", []any{reason, m.ID}},
			changing(m.ID, m.State, m.State, reason, at))
	})
}
