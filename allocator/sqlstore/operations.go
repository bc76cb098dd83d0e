package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

const operationQuery = `SELECT o.id, o.kind, o.workshop_id, o.state, o.message, o.requested_by, o.created_at, o.finished_at, o.cancelled_at,
	count(om.machine_id), count(om.machine_id) FILTER (WHERE om.outcome = 'done'), count(om.machine_id) FILTER (WHERE om.outcome = 'failed')
	FROM operations o LEFT JOIN operation_machines om ON om.operation_id = o.id`

func scanOperation(row scanner) (allocator.Operation, error) {
	var o allocator.Operation
	var created, finished, cancelled int64
	err := row.Scan(&o.ID, &o.Kind, &o.WorkshopID, &o.State, &o.Message, &o.By, &created, &finished, &cancelled, &o.Total, &o.Done, &o.Failed)
	o.CreatedAt, o.FinishedAt = fromStamp(created), fromStamp(finished)
	if cancelled > 0 && finished > 0 {
		o.State = allocator.Cancelled
	}
	return o, err
}

func addOperation(ctx context.Context, tx conn, o allocator.Operation) error {
	_, err := tx.exec(ctx, "INSERT INTO operations (id, kind, workshop_id, state, message, requested_by, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		o.ID, o.Kind, o.WorkshopID, o.State, o.Message, o.By, stamp(o.CreatedAt))
	if err != nil {
		return fmt.Errorf("add operation %s: %w", o.ID, err)
	}
	return nil
}

func addOperationMachine(ctx context.Context, tx conn, op, machine string) error {
	if _, err := tx.exec(ctx, "INSERT INTO operation_machines (operation_id, machine_id) VALUES ($1, $2)", op, machine); err != nil {
		return fmt.Errorf("add machine %s to operation %s: %w", machine, op, err)
	}
	return nil
}

// settle finishes an operation that waits for no machine any more. A launch that
// EC2 may still be carrying out is waited for: what it brings must be heard of.
func settle(ctx context.Context, tx conn, id string, at time.Time) error {
	o, err := oneOperation(ctx, tx, id)
	state := allocator.Succeeded
	if o.Failed > 0 {
		state = allocator.Failed
	}
	if err != nil || !o.State.CanBecome(state) || o.Done+o.Failed < o.Total {
		return err
	}
	var launching bool
	err = tx.row(ctx, "SELECT EXISTS (SELECT 1 FROM attempts WHERE operation_id = $1 AND closed_at = 0)", id).Scan(&launching)
	if err != nil || launching {
		return err
	}
	of := fmt.Sprintf("%d of %s", o.Done, allocator.Counted(o.Total, "machine"))
	is, has := " are ", " have "
	if o.Total == 1 {
		is, has = " is ", " has "
	}
	message := of + is + "ready"
	switch o.Kind {
	case allocator.Terminate:
		message = fmt.Sprintf("%d machines have ended", o.Done)
		if o.Done == 1 {
			message = "the machine has ended"
		}
	case allocator.Reboot:
		message = of + is + "well after a reboot"
	case allocator.Collect:
		message = of + has + "handed over what was made there"
	case allocator.Launch: // as above
	}
	if o.Failed > 0 {
		message += ": " + o.Message
	}
	_, err = tx.exec(ctx, "UPDATE operations SET state = $1, message = $2, finished_at = $3 WHERE id = $4", state, message, stamp(at), id)
	if err != nil {
		return fmt.Errorf("finish operation %s: %w", id, err)
	}
	return nil
}

func oneOperation(ctx context.Context, q conn, id string) (allocator.Operation, error) {
	o, err := scanOperation(q.row(ctx, operationQuery+" WHERE o.id = $1 GROUP BY o.id", id))
	return o, found(err, "operation", id)
}

// Operation finds an operation by its id.
func (s *Store) Operation(ctx context.Context, id string) (allocator.Operation, error) {
	return oneOperation(ctx, s.read, id)
}

// Operations lists operations, newest first.
func (s *Store) Operations(ctx context.Context, workshop string, limit int) ([]allocator.Operation, error) {
	out, err := list(ctx, s.read, scanOperation, operationQuery+" WHERE $1 = '' OR o.workshop_id = $1 GROUP BY o.id ORDER BY o.created_at DESC, o.id DESC LIMIT $2", workshop, limit)
	if err != nil {
		return nil, fmt.Errorf("list operations: %w", err)
	}
	return out, nil
}

// Unfinished lists operations that are not finished.
func (s *Store) Unfinished(ctx context.Context) ([]string, error) {
	out, err := list(ctx, s.read, scanID, "SELECT id FROM operations WHERE finished_at = 0 ORDER BY created_at")
	if err != nil {
		return nil, fmt.Errorf("list unfinished operations: %w", err)
	}
	return out, nil
}

// OperationMachines lists the machines that an operation waits for.
func (s *Store) OperationMachines(ctx context.Context, id string) ([]allocator.Machine, error) {
	out, err := list(ctx, s.read, scanMachine, machineQuery+" JOIN operation_machines w ON w.machine_id = m.id WHERE w.operation_id = $1 AND w.outcome = 'pending' ORDER BY m.id", id)
	if err != nil {
		return nil, fmt.Errorf("list the machines of operation %s: %w", id, err)
	}
	return out, nil
}

// Note says what an operation is doing, unless it cannot any more.
func (s *Store) Note(ctx context.Context, id string, state allocator.OperationState, message string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		o, err := oneOperation(ctx, tx, id)
		if err != nil || o.State != state && !o.State.CanBecome(state) || o.State.Finished() {
			return err
		}
		_, err = tx.exec(ctx, "UPDATE operations SET state = $1, message = $2 WHERE id = $3", state, message, id)
		if err != nil {
			return fmt.Errorf("note on operation %s: %w", id, err)
		}
		return nil
	})
}
