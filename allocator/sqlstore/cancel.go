package sqlstore

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// CancelOperation cancels a launch, and hands the machines without an instance to the
// operation that ends them: one may still appear.
func (s *Store) CancelOperation(ctx context.Context, id string, end allocator.Operation, why string, until time.Time) (o allocator.Operation, err error) {
	err = s.change(ctx, func(ctx context.Context, tx conn) error {
		waiting, err := cancellable(ctx, tx, id)
		if err != nil {
			return err
		}
		err = tx.all(ctx,
			Statement{"UPDATE operations SET cancelled_at = $1, message = $2 WHERE id = $3", []any{stamp(end.CreatedAt), why, id}},
			Statement{"UPDATE workshops SET trouble = $1, launch_failures = 0, launch_after = $2 WHERE id = $3 AND state = 'open'", []any{why, stamp(until), end.WorkshopID}})
		if err != nil {
			return fmt.Errorf("cancel operation %s: %w", id, err)
		}
		if err := addOperation(ctx, tx, end); err != nil {
			return err
		}
		for _, m := range waiting {
			if err := endMachine(ctx, tx, m, end, why); err != nil {
				return err
			}
		}
		o, err = oneOperation(ctx, tx, id)
		return err
	})
	return o, err
}

// cancellable are the machines that a launch has not got.
func cancellable(ctx context.Context, tx conn, id string) ([]allocator.Machine, error) {
	o, err := oneOperation(ctx, tx, id)
	switch {
	case err != nil:
		return nil, err
	case !o.State.CanBecome(allocator.Cancelled):
		return nil, api.Problemf(api.Conflict, "The operation is over", "It %s before.", o.State)
	case o.Kind != allocator.Launch:
		return nil, api.Problemf(api.Conflict, "Only a launch can be cancelled", "Machines that are ending end. Others are launched where the workshop needs them.")
	}
	waiting, err := list(ctx, tx, scanMachine, machineQuery+` JOIN operation_machines w ON w.machine_id = m.id
		WHERE w.operation_id = $1 AND w.outcome = 'pending' AND m.instance_id IS NULL`, id)
	if err != nil {
		return nil, fmt.Errorf("list the machines of operation %s: %w", id, err)
	}
	if len(waiting) == 0 {
		return nil, api.Problemf(api.Conflict, "All its machines are launched", "End those that are not needed, or change the workshop's seats.")
	}
	return waiting, nil
}
