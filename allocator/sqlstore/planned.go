package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Postpone keeps why machines cannot be launched, and until when, by compare-and-set.
func (s *Store) Postpone(ctx context.Context, seen allocator.Workshop, trouble string, failures int, until time.Time) error {
	if seen.Trouble == trouble && seen.LaunchFailures == failures && seen.LaunchAfter.Equal(until) {
		return nil
	}
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		changed := api.Problemf(api.Conflict, "The workshop has changed meanwhile", "What keeps %s from launching is not what it was.", seen.ID)
		return one(ctx, tx, changed, `UPDATE workshops SET trouble = $1, launch_failures = $2, launch_after = $3
			WHERE id = $4 AND trouble = $5 AND launch_failures = $6 AND launch_after = $7`,
			trouble, failures, stamp(until), seen.ID, seen.Trouble, seen.LaunchFailures, stamp(seen.LaunchAfter))
	})
}

// Tell keeps a workshop's trouble.
func (s *Store) Tell(ctx context.Context, workshop, was, trouble string) error {
	return s.exec(ctx, "keep what is told of "+workshop, "UPDATE workshops SET trouble = $1 WHERE id = $2 AND trouble = $3", trouble, workshop, was)
}

// AddMachines adds machines of a workshop and their launch.
func (s *Store) AddMachines(ctx context.Context, machines []allocator.Machine, op allocator.Operation, living, limit int) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		workshop, pool := machines[0].WorkshopID, machines[0].Pool
		if err := mustBeOpen(ctx, tx, workshop); err != nil {
			return err
		}
		var of, in int
		err := tx.row(ctx, `SELECT count(*) FILTER (WHERE workshop_id = $1), count(*) FILTER (WHERE pool = $2)
			FROM machines WHERE state <> 'terminated'`, workshop, pool).Scan(&of, &in)
		switch {
		case err != nil:
			return fmt.Errorf("count the machines of %s: %w", pool, err)
		case of != living:
			return api.Problemf(api.Conflict, "The workshop's machines have changed meanwhile", "Workshop %s has %d machines and not %d.", workshop, of, living)
		case in+len(machines) > limit:
			return api.Problemf(api.Capacity, "The pool is too small", "Pool %s may hold %d machines and holds %d; end a workshop, or raise maxMachines in the stack's settings.", pool, limit, in)
		}
		if err := addOperation(ctx, tx, op); err != nil {
			return err
		}
		for _, m := range machines {
			if err := errors.Join(addMachine(ctx, tx, m), addOperationMachine(ctx, tx, op.ID, m.ID)); err != nil {
				return err
			}
		}
		return nil
	})
}

// EndWorkshop closes a workshop and hands its machines to an operation.
func (s *Store) EndWorkshop(ctx context.Context, id string, op allocator.Operation, reason string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		if err := mustBeOpen(ctx, tx, id); err != nil {
			return err
		}
		if _, err := tx.exec(ctx, "UPDATE workshops SET state = 'ended', ended_at = $1, trouble = '' WHERE id = $2", stamp(op.CreatedAt), id); err != nil {
			return fmt.Errorf("end workshop %s: %w", id, err)
		}
		machines, err := list(ctx, tx, scanMachine, machineQuery+" WHERE m.workshop_id = $1 AND m.state NOT IN ('terminating', 'terminated')", id)
		if err != nil { // as they are held now
			return fmt.Errorf("list the machines of %s: %w", id, err)
		}
		if _, err := tx.exec(ctx, "UPDATE seats SET state = 'released', released_at = $1, released_because = $2 WHERE workshop_id = $3 AND state <> 'released' AND "+maySeat(allocator.SeatReleased), // the index is of those that are not
			stamp(op.CreatedAt), reason, id); err != nil {
			return fmt.Errorf("release the seats of %s: %w", id, err)
		}
		if err := addOperation(ctx, tx, op); err != nil {
			return err
		}
		for _, m := range machines {
			if err := drainAway(ctx, tx, m, op, reason); err != nil {
				return err
			}
		}
		return settle(ctx, tx, op.ID, op.CreatedAt)
	})
}

// TerminateMachine hands one machine to an operation, if it is as it was seen.
func (s *Store) TerminateMachine(ctx context.Context, seen allocator.Machine, op allocator.Operation, reason string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := asSeen(ctx, tx, seen)
		if err != nil {
			return err
		}
		if err := addOperation(ctx, tx, op); err != nil {
			return err
		}
		return endMachine(ctx, tx, m, op, reason)
	})
}

// asSeen is a machine that is as it was seen, and was nothing else since.
func asSeen(ctx context.Context, tx conn, seen allocator.Machine) (allocator.Machine, error) {
	m, err := oneMachine(ctx, tx, seen.ID)
	state := m.State == seen.State && m.ChangedAt.Equal(seen.ChangedAt) && m.Health == seen.Health && m.Leaving == seen.Leaving
	holder := m.SeatID == seen.SeatID && m.HeldSince.Equal(seen.HeldSince)
	if err == nil && (!state || !holder) {
		err = api.Problemf(api.Conflict, "The machine has changed meanwhile", "Machine %s is %s now; look at it again.", m.ID, m.State)
	}
	return m, err
}

func endMachine(ctx context.Context, tx conn, m allocator.Machine, op allocator.Operation, reason string) error {
	if err := move(ctx, tx, m, allocator.Terminating, reason, op.CreatedAt); err != nil {
		return err
	}
	return addOperationMachine(ctx, tx, op.ID, m.ID)
}
