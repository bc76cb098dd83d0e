package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// slack is how far allocators' clocks may be apart: what is later than that was written
// by one that was wrong.
const slack = 5 * time.Minute

// KeepHeard keeps that a machine's agent was heard of. One that is to reboot, and has
// spoken of no boot before, reboots from that one.
func (s *Store) KeepHeard(ctx context.Context, machine, boot string, active, at time.Time) error {
	return s.exec(ctx, "keep that the agent of "+machine+" was heard of",
		`UPDATE machines SET boot_id = $1, heard_at = $3,
		reboot_from = CASE WHEN state = 'rebooting' AND reboot_from = '' AND reboot_asked_at = 0 THEN $1 ELSE reboot_from END,
		reboots = CASE WHEN well_since > 0 AND $3 - well_since >= $5 THEN 0 ELSE reboots END,
		active_at = CASE WHEN CAST($2 AS BIGINT) = 0 OR active_at < $2 OR active_at - $6 > $3 THEN $2 ELSE active_at END WHERE id = $4`, boot, stamp(active), stamp(at), machine, allocator.WellAfter.Microseconds(), slack.Microseconds())
}

// KeepSays keeps what a machine's agent says of itself.
func (s *Store) KeepSays(ctx context.Context, machine string, says allocator.AgentSays) error {
	failed := ""
	if says.Failed != nil {
		raw, err := json.Marshal(says.Failed)
		if err != nil {
			return fmt.Errorf("encode the release that %s gave up: %w", machine, err)
		}
		failed = string(raw)
	}
	return s.exec(ctx, "keep what the agent of "+machine+" says of itself",
		"UPDATE machines SET agent_version = $1, agent_release = $2, agent_failed = $3, agent_desktop = $5 WHERE id = $4", says.Version, says.Release, failed, machine, says.Desktop)
}

// KeepNotice keeps what who holds a machine is told, once.
func (s *Store) KeepNotice(ctx context.Context, machine string, number int64, text string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		done, err := tx.exec(ctx, "UPDATE machines SET noticed = number WHERE id = $1 AND number = $2 AND noticed <> number", machine, number)
		if err != nil {
			return fmt.Errorf("keep that who holds %s was told: %w", machine, err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return err
		}
		_, err = tx.exec(ctx, "UPDATE seats SET message = $1, message_at = $2 WHERE machine_id = $3 AND state = 'assigned'", text, stamp(at), machine)
		if err != nil {
			return fmt.Errorf("tell who holds %s: %w", machine, err)
		}
		return nil
	})
}

// KeepAction keeps what a machine's agent suggests.
func (s *Store) KeepAction(ctx context.Context, machine string, action api.Action) error {
	return s.exec(ctx, "keep what would help "+machine, "UPDATE machines SET action = $1 WHERE id = $2", action, machine)
}

// RebootMachine hands a machine to an operation that reboots it, if it is as it was
// seen.
func (s *Store) RebootMachine(ctx context.Context, seen allocator.Machine, op allocator.Operation, reason string) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := asSeen(ctx, tx, seen)
		if err != nil {
			return err
		}
		if err := addOperation(ctx, tx, op); err != nil {
			return err
		}
		first, err := collects(ctx, tx, m, holdOf(m))
		switch {
		case err != nil:
			return err
		case m.Leaving != "" && m.State == allocator.Draining:
			return api.Problemf(api.Conflict, "The machine is on its way out", "What was made on machine %s is collected, and then it ends.", m.ID)
		case m.State == allocator.Draining: // it is rebooted once what was made there is collected
		case first:
			err = drain(ctx, tx, m, holdOf(m), "", reason, op.CreatedAt)
		default:
			err = move(ctx, tx, m, allocator.Rebooting, reason, op.CreatedAt)
		}
		if err != nil {
			return err
		}
		return addOperationMachine(ctx, tx, op.ID, m.ID)
	})
}

// KeepRebootAsked keeps who was asked to reboot a machine.
func (s *Store) KeepRebootAsked(ctx context.Context, machine, whom string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := oneMachine(ctx, tx, machine)
		if err != nil || m.State != allocator.Rebooting {
			return err
		}
		return tx.all(ctx, Statement{"UPDATE machines SET reboot_asked_at = $1 WHERE id = $2", []any{stamp(at), machine}},
			changing(machine, m.State, m.State, whom+" was asked to reboot it", at))
	})
}
