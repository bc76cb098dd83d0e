package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

const openAttempts = "SELECT operation_id, number, count, opened_at, request FROM attempts WHERE closed_at = 0"

func scanAttempt(row scanner) (allocator.Attempt, error) {
	var a allocator.Attempt
	var opened int64
	err := row.Scan(&a.Operation, &a.Number, &a.Count, &opened, &a.Request)
	a.OpenedAt = fromStamp(opened)
	return a, err
}

// OpenAttempts lists the attempts that are open.
func (s *Store) OpenAttempts(ctx context.Context) ([]allocator.Attempt, error) {
	out, err := list(ctx, s.read, scanAttempt, openAttempts)
	if err != nil {
		return nil, fmt.Errorf("list open attempts: %w", err)
	}
	return out, nil
}

// BeginAttempt returns the open attempt of an operation or opens the next one.
func (s *Store) BeginAttempt(ctx context.Context, op string, at time.Time) (a allocator.Attempt, ok bool, err error) {
	err = s.change(ctx, func(ctx context.Context, tx conn) error {
		var err error
		a, err = scanAttempt(tx.row(ctx, openAttempts+" AND operation_id = $1", op))
		if ok = err == nil; ok || !errors.Is(err, sql.ErrNoRows) {
			return err
		}
		waiting, err := list(ctx, tx, scanMachine, machineQuery+` JOIN operation_machines w ON w.machine_id = m.id
			WHERE w.operation_id = $1 AND m.state IN ('requested', 'launching') AND m.instance_id IS NULL`, op)
		if err != nil || len(waiting) == 0 {
			return err
		}
		for _, m := range waiting {
			if m.State == allocator.Requested {
				if err := move(ctx, tx, m, allocator.Launching, "AWS is asked for it", at); err != nil {
					return err
				}
			}
		}
		a, err = scanAttempt(tx.row(ctx, `INSERT INTO attempts (operation_id, number, count, opened_at)
			SELECT $1, 1 + count(*), $2, $3 FROM attempts WHERE operation_id = $1 RETURNING operation_id, number, count, opened_at, request`,
			op, len(waiting), stamp(at)))
		ok = err == nil
		return err
	})
	if err != nil {
		return a, false, fmt.Errorf("begin an attempt of %s: %w", op, err)
	}
	return a, ok, nil
}

// KeepRequest keeps what an attempt asks for.
func (s *Store) KeepRequest(ctx context.Context, a allocator.Attempt) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		_, err := tx.exec(ctx, "UPDATE attempts SET request = $1 WHERE operation_id = $2 AND number = $3 AND request = ''", a.Request, a.Operation, a.Number)
		if err != nil {
			return fmt.Errorf("keep the request of %s: %w", a.Token(), err)
		}
		return nil
	})
}

// EndAttempt binds what was launched to machines: those that still want an
// instance first, then those that are to end, so that nothing lives on unseen.
func (s *Store) EndAttempt(ctx context.Context, a allocator.Attempt, launched []allocator.Instance, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		waiting, err := list(ctx, tx, scanMachine, machineQuery+` JOIN operation_machines w ON w.machine_id = m.id
			WHERE w.operation_id = $1 AND m.instance_id IS NULL AND m.state IN ('launching', 'terminating')
			ORDER BY m.state = 'terminating', m.id`, a.Operation)
		if err != nil {
			return fmt.Errorf("list machines without an instance: %w", err)
		}
		if len(launched) > len(waiting) {
			return fmt.Errorf("%d instances were launched for %d machines", len(launched), len(waiting))
		}
		for n, i := range launched {
			if err := bind(ctx, tx, waiting[n], i, at); err != nil {
				return err
			}
		}
		_, err = tx.exec(ctx, "UPDATE attempts SET closed_at = $1 WHERE operation_id = $2 AND number = $3", stamp(at), a.Operation, a.Number)
		if err != nil {
			return fmt.Errorf("end attempt %s: %w", a.Token(), err)
		}
		return settle(ctx, tx, a.Operation, at)
	})
}

func bind(ctx context.Context, tx conn, m allocator.Machine, i allocator.Instance, at time.Time) error {
	_, err := tx.exec(ctx, "UPDATE machines SET instance_id = $1, type = $2, zone = $3, spot = $4, launched_at = $5 WHERE id = $6", i.ID, i.Type, i.Zone, i.Spot, stamp(at), m.ID)
	if err != nil {
		return fmt.Errorf("give instance %s to machine %s: %w", i.ID, m.ID, err)
	}
	if m.State != allocator.Launching {
		return nil
	}
	return move(ctx, tx, m, allocator.Booting, fmt.Sprintf("instance %s (%s) starts in %s", i.ID, i.Type, i.Zone), at)
}
