package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// hold is a participant's hold on a machine.
type hold struct {
	seat  string
	since time.Time
}

func holdOf(m allocator.Machine) hold { return hold{m.SeatID, m.HeldSince} }

// collects reports whether work is collected where a hold of m ends.
func collects(ctx context.Context, tx conn, m allocator.Machine, h hold) (bool, error) {
	if m.State != allocator.Assigned || h.seat == "" || m.AgentID == "" {
		return false, nil
	}
	var patterns string
	if err := tx.row(ctx, "SELECT collect FROM workshops WHERE id = $1", m.WorkshopID).Scan(&patterns); err != nil {
		return false, fmt.Errorf("look what is collected of %s: %w", m.WorkshopID, err)
	}
	return patterns != "[]", nil
}

// drain collects what was made on m before it goes on: to its end when leaving says
// why, to a reboot when an operation waits for that, or to the next participant.
func drain(ctx context.Context, tx conn, m allocator.Machine, h hold, leaving, reason string, at time.Time) error {
	op := allocator.NewOperation(allocator.Collect, allocator.Allocator, m.WorkshopID, at)
	if err := move(ctx, tx, m, allocator.Draining, reason, at); err != nil {
		return err
	}
	if err := addOperation(ctx, tx, op); err != nil {
		return err
	}
	if err := addCollection(ctx, tx, op.ID, m.ID, h, at.Add(allocator.CollectLimit)); err != nil {
		return err
	}
	if leaving == "" {
		return nil
	}
	if _, err := tx.exec(ctx, "UPDATE machines SET leaving = $1 WHERE id = $2", leaving, m.ID); err != nil {
		return fmt.Errorf("drain machine %s: %w", m.ID, err)
	}
	return nil
}

func addCollection(ctx context.Context, tx conn, op, machine string, h hold, deadline time.Time) error {
	if err := addOperationMachine(ctx, tx, op, machine); err != nil {
		return err
	}
	_, err := tx.exec(ctx, "INSERT INTO collections (operation_id, machine_id, seat_id, since, deadline) VALUES ($1, $2, $3, $4, $5)",
		op, machine, h.seat, stamp(h.since), stamp(deadline))
	if err != nil {
		return fmt.Errorf("begin to collect on machine %s: %w", machine, err)
	}
	return nil
}

// DrainMachines hands machines to an operation that ends them: those that are as they were
// seen. What their participants made is collected first.
func (s *Store) DrainMachines(ctx context.Context, op allocator.Operation, all []allocator.Ending) (ended []string, err error) {
	err = s.change(ctx, func(ctx context.Context, tx conn) error {
		if err := addOperation(ctx, tx, op); err != nil {
			return err
		}
		ended = nil
		var refused error
		for _, e := range all {
			m, err := asSeen(ctx, tx, e.Machine) // the one before may have given it to somebody
			if code := api.CodeOf(err); code == api.Conflict || code == api.NotFound {
				refused = err
				continue
			}
			if err != nil {
				return err
			}
			if err := drainAway(ctx, tx, m, op, e.Why); err != nil {
				return err
			}
			ended = append(ended, m.ID)
		}
		if len(ended) == 0 {
			return refused
		}
		return nil
	})
	return ended, err
}

// drainAway ends a machine, after what was made on it is collected.
func drainAway(ctx context.Context, tx conn, m allocator.Machine, op allocator.Operation, reason string) error {
	if m.State == allocator.Draining {
		if _, err := tx.exec(ctx, "UPDATE machines SET leaving = $1 WHERE id = $2", reason, m.ID); err != nil {
			return fmt.Errorf("let machine %s leave: %w", m.ID, err)
		}
		return addOperationMachine(ctx, tx, op.ID, m.ID)
	}
	first, err := collects(ctx, tx, m, holdOf(m))
	if err != nil {
		return err
	}
	if !first {
		return endMachine(ctx, tx, m, op, reason)
	}
	if err := drain(ctx, tx, m, holdOf(m), reason, reason, op.CreatedAt); err != nil {
		return err
	}
	return addOperationMachine(ctx, tx, op.ID, m.ID)
}

// CollectWork collects on all machines of a workshop that are held.
func (s *Store) CollectWork(ctx context.Context, op allocator.Operation, deadline time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		w, err := oneWorkshop(ctx, tx, "id", op.WorkshopID)
		switch {
		case err != nil:
			return err
		case w.State == allocator.Ended:
			return api.Problemf(api.Conflict, "The workshop has ended", "What was made was collected as it ended.")
		case len(w.Collect) == 0:
			return api.Problemf(api.Conflict, "Nothing is collected in this workshop", "Its pool's setting collect says which files are; it counts for workshops that are opened after that.")
		}
		if err := addOperation(ctx, tx, op); err != nil {
			return err
		}
		held, err := list(ctx, tx, scanMachine, machineQuery+" WHERE m.workshop_id = $1 AND m.state = 'assigned' ORDER BY m.id", op.WorkshopID)
		if err != nil {
			return fmt.Errorf("list the machines of %s: %w", op.WorkshopID, err)
		}
		for _, m := range held {
			if err := addCollection(ctx, tx, op.ID, m.ID, holdOf(m), deadline); err != nil {
				return err
			}
		}
		return settle(ctx, tx, op.ID, op.CreatedAt)
	})
}

// Collection finds what an operation collects on a machine, while it does.
func (s *Store) Collection(ctx context.Context, op, machine string) (allocator.Collection, error) {
	c := allocator.Collection{Operation: op, MachineID: machine}
	var since, deadline int64
	var patterns string
	err := s.read.row(ctx, `SELECT s.workshop_id, s.id, s.email, c.since, c.deadline, w.collect
		FROM collections c JOIN seats s ON s.id = c.seat_id JOIN workshops w ON w.id = s.workshop_id
		JOIN operation_machines om ON om.operation_id = c.operation_id AND om.machine_id = c.machine_id
		WHERE c.operation_id = $1 AND c.machine_id = $2 AND om.outcome = 'pending'`, op, machine).
		Scan(&c.WorkshopID, &c.SeatID, &c.Email, &since, &deadline, &patterns)
	if err := found(err, "collection", op); err != nil {
		return c, err
	}
	c.Since, c.Deadline = fromStamp(since), fromStamp(deadline)
	return c, json.Unmarshal([]byte(patterns), &c.Patterns)
}

// HurryCollections brings the deadlines of what is collected on a machine forward.
func (s *Store) HurryCollections(ctx context.Context, machine string, deadline time.Time) error {
	return s.exec(ctx, "hurry what is collected on "+machine, "UPDATE collections SET deadline = $1 WHERE machine_id = $2 AND deadline > $1", stamp(deadline), machine)
}

// Collected ends a collection, and lets a machine that was drained for it go on.
func (s *Store) Collected(ctx context.Context, op, machine, said string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := oneMachine(ctx, tx, machine)
		if err != nil {
			return err
		}
		done, err := list(ctx, tx, scanID, `UPDATE operation_machines SET outcome = 'done' WHERE operation_id = $1 AND machine_id = $2 AND outcome = 'pending'
			RETURNING operation_id`, op, machine)
		if err != nil || len(done) == 0 { // it was before, or the machine is gone
			return err
		}
		if err := addChange(ctx, tx, m.ID, m.State, m.State, said, at); err != nil {
			return err
		}
		if err := settle(ctx, tx, op, at); err != nil {
			return err
		}
		return drained(ctx, tx, m, at)
	})
}

// drained lets a machine go on to what waits for it, once nothing is collected there.
func drained(ctx context.Context, tx conn, m allocator.Machine, at time.Time) error {
	if m.State != allocator.Draining {
		return nil
	}
	var next string
	err := tx.row(ctx, `SELECT o.kind FROM operations o JOIN operation_machines om ON om.operation_id = o.id
		WHERE om.machine_id = $1 AND om.outcome = 'pending' AND o.kind IN ('collect', 'terminate', 'reboot')
		ORDER BY CASE o.kind WHEN 'collect' THEN 0 WHEN 'terminate' THEN 1 ELSE 2 END LIMIT 1`, m.ID).Scan(&next)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("look what waits for machine %s: %w", m.ID, err)
	}
	tx.rehold(m.ID, allocator.Hold{})
	switch allocator.OperationKind(next) {
	case allocator.Collect:
		return nil
	case allocator.Terminate:
		return move(ctx, tx, m, allocator.Terminating, m.Leaving, at)
	case allocator.Reboot:
		return move(ctx, tx, m, allocator.Rebooting, "what was made on it is collected, so it is rebooted", at)
	case allocator.Launch: // does not wait
	}
	if m.Health == api.Unhealthy {
		return move(ctx, tx, m, allocator.Unhealthy, m.HealthReason, at)
	}
	return move(ctx, tx, m, allocator.Ready, "what was made on it is collected", at)
}
