package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const workshopColumns = "id, name, pool, seats, join_code, state, created_at, ended_at"

func scanWorkshop(row scanner) (allocator.Workshop, error) {
	var w allocator.Workshop
	var created, ended int64
	err := row.Scan(&w.ID, &w.Name, &w.Pool, &w.Seats, &w.JoinCode, &w.State, &created, &ended)
	w.CreatedAt, w.EndedAt = fromStamp(created), fromStamp(ended)
	return w, err
}

// OpenWorkshop adds a workshop with its machines and the launch.
func (s *Store) OpenWorkshop(ctx context.Context, w allocator.Workshop, machines []allocator.Machine, op allocator.Operation, limit int) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		var living int
		if err := tx.row(ctx, "SELECT count(*) FROM machines WHERE pool = $1 AND state <> 'terminated'", w.Pool).Scan(&living); err != nil {
			return fmt.Errorf("count the machines of %s: %w", w.Pool, err)
		}
		if living+len(machines) > limit {
			return api.Problemf(api.Capacity, "The pool is too small", "Pool %s may hold %d machines and holds %d; end a workshop, ask for at most %d, or raise maxMachines in the stack's settings.", w.Pool, limit, living, max(0, limit-living))
		}
		_, err := tx.exec(ctx, "INSERT INTO workshops ("+workshopColumns+") VALUES ($1, $2, $3, $4, $5, $6, $7, 0)",
			w.ID, w.Name, w.Pool, w.Seats, w.JoinCode, w.State, stamp(w.CreatedAt))
		if err != nil {
			return fmt.Errorf("add workshop %s: %w", w.ID, err)
		}
		if err := addOperation(ctx, tx, op); err != nil {
			return err
		}
		for _, m := range machines {
			if err := addMachine(ctx, tx, m); err != nil {
				return err
			}
			if err := addOperationMachine(ctx, tx, op.ID, m.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// EndWorkshop closes a workshop and hands its machines to an operation.
func (s *Store) EndWorkshop(ctx context.Context, id string, op allocator.Operation) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		w, err := oneWorkshop(ctx, tx, "id", id)
		if err != nil {
			return err
		}
		if w.State == allocator.Ended {
			return api.Problemf(api.Conflict, "The workshop has ended", "It ended at %s.", w.EndedAt.Format("2006-01-02 15:04 MST"))
		}
		if _, err := tx.exec(ctx, "UPDATE workshops SET state = 'ended', ended_at = $1 WHERE id = $2", stamp(op.CreatedAt), id); err != nil {
			return fmt.Errorf("end workshop %s: %w", id, err)
		}
		if err := addOperation(ctx, tx, op); err != nil {
			return err
		}
		machines, err := list(ctx, tx, scanMachine, machineQuery+" WHERE m.workshop_id = $1 AND m.state NOT IN ('terminating', 'terminated')", id)
		if err != nil {
			return fmt.Errorf("list the machines of %s: %w", id, err)
		}
		for _, m := range machines {
			if err := endMachine(ctx, tx, m, op, "the workshop was ended by "+op.By); err != nil {
				return err
			}
		}
		return settle(ctx, tx, op.ID, op.CreatedAt)
	})
}

// TerminateMachine hands one machine to an operation.
func (s *Store) TerminateMachine(ctx context.Context, id string, op allocator.Operation) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := oneMachine(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := addOperation(ctx, tx, op); err != nil {
			return err
		}
		return endMachine(ctx, tx, m, op, "it was ended by "+op.By)
	})
}

func endMachine(ctx context.Context, tx conn, m allocator.Machine, op allocator.Operation, reason string) error {
	if err := move(ctx, tx, m, allocator.Terminating, reason, op.CreatedAt); err != nil {
		return err
	}
	return addOperationMachine(ctx, tx, op.ID, m.ID)
}

func oneWorkshop(ctx context.Context, q conn, column, value string) (allocator.Workshop, error) {
	w, err := scanWorkshop(q.row(ctx, "SELECT "+workshopColumns+" FROM workshops WHERE "+column+" = $1", value))
	if errors.Is(err, sql.ErrNoRows) {
		return w, api.Problemf(api.NotFound, "There is no such workshop", "Check the link or the code for a typing mistake.")
	}
	if err != nil {
		return w, fmt.Errorf("find workshop: %w", err)
	}
	return w, nil
}

// Workshop finds a workshop by its id.
func (s *Store) Workshop(ctx context.Context, id string) (allocator.Workshop, error) {
	return oneWorkshop(ctx, s.read, "id", id)
}

// WorkshopByCode finds a workshop by its join code.
func (s *Store) WorkshopByCode(ctx context.Context, code string) (allocator.Workshop, error) {
	return oneWorkshop(ctx, s.read, "join_code", code)
}

// Workshops lists workshops, newest first.
func (s *Store) Workshops(ctx context.Context, after string, limit int) ([]allocator.Workshop, error) {
	out, err := list(ctx, s.read, scanWorkshop, "SELECT "+workshopColumns+` FROM workshops
		WHERE $1 = '' OR (created_at, id) < (SELECT created_at, id FROM workshops WHERE id = $1)
		ORDER BY created_at DESC, id DESC LIMIT $2`, after, limit)
	if err != nil {
		return nil, fmt.Errorf("list workshops: %w", err)
	}
	return out, nil
}
