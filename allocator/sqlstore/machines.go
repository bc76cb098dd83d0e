package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// machineQuery reads machines with the live seat on each.
const machineQuery = `SELECT m.id, m.workshop_id, m.pool, m.state, m.reason, coalesce(m.instance_id, ''), m.type, m.zone, m.spot,
	coalesce(m.agent_id, ''), m.agent_replaceable, m.inventory, m.health, m.health_reason, m.health_since, m.connected, m.created_at, m.changed_at, m.launched_at, m.ready_at,
	coalesce(s.id, ''), coalesce(s.email, ''), coalesce(s.assigned_at, 0), m.boot_id, m.heard_at, m.active_at,
	m.action, m.reboots, m.reboot_from, m.reboot_asked_at, m.leaving, m.join_token, m.number, m.noticed = m.number, m.agent_version, m.agent_release, m.agent_failed, m.agent_desktop, m.setup,
	EXISTS (SELECT 1 FROM operation_machines om JOIN attempts a ON a.operation_id = om.operation_id AND a.closed_at = 0 WHERE om.machine_id = m.id)
	FROM machines m LEFT JOIN seats s ON s.machine_id = m.id AND s.state = 'assigned'`

func scanMachine(row scanner) (allocator.Machine, error) {
	var m allocator.Machine
	var inventory, failed, setup string
	var created, changed, launched, ready, health, held, heard, active, asked int64
	err := row.Scan(&m.ID, &m.WorkshopID, &m.Pool, &m.State, &m.Reason, &m.InstanceID, &m.Type, &m.Zone, &m.Spot,
		&m.AgentID, &m.AgentReplaceable, &inventory, &m.Health, &m.HealthReason, &health, &m.Connected, &created, &changed, &launched, &ready, &m.SeatID, &m.Email,
		&held, &m.BootID, &heard, &active, &m.Action, &m.Reboots, &m.RebootFrom, &asked, &m.Leaving, &m.JoinToken, &m.Number, &m.Noticed,
		&m.Says.Version, &m.Says.Release, &failed, &m.Says.Desktop, &setup, &m.LaunchOpen)
	if err != nil {
		return m, err
	}
	m.CreatedAt, m.ChangedAt, m.LaunchedAt = fromStamp(created), fromStamp(changed), fromStamp(launched)
	m.ReadyAt, m.HealthSince, m.HeldSince, m.HeardAt = fromStamp(ready), fromStamp(health), fromStamp(held), fromStamp(heard)
	m.ActiveAt, m.RebootAskedAt = fromStamp(active), fromStamp(asked)
	if failed != "" {
		if err := json.Unmarshal([]byte(failed), &m.Says.Failed); err != nil {
			return m, err
		}
	}
	if setup != "" {
		if err := json.Unmarshal([]byte(setup), &m.Setup); err != nil {
			return m, err
		}
	}
	return m, json.Unmarshal([]byte(inventory), &m.Inventory)
}

func addMachine(ctx context.Context, tx conn, m allocator.Machine) error {
	_, err := tx.exec(ctx, "INSERT INTO machines (id, workshop_id, pool, state, reason, created_at, changed_at) VALUES ($1, $2, $3, $4, $5, $6, $7)",
		m.ID, m.WorkshopID, m.Pool, m.State, m.Reason, stamp(m.CreatedAt), stamp(m.ChangedAt))
	if err != nil {
		return fmt.Errorf("add machine %s: %w", m.ID, err)
	}
	return addChange(ctx, tx, m.ID, "", m.State, m.Reason, m.CreatedAt)
}

func addChange(ctx context.Context, tx conn, machine string, from, to allocator.MachineState, reason string, at time.Time) error {
	if err := tx.all(ctx, changing(machine, from, to, reason, at)); err != nil {
		return fmt.Errorf("keep the timeline of %s: %w", machine, err)
	}
	return nil
}

// changing is the statement that adds to a machine's timeline.
func changing(machine string, from, to allocator.MachineState, reason string, at time.Time) Statement {
	return Statement{
		"INSERT INTO timeline (machine_id, at, from_state, to_state, reason) VALUES ($1, $2, $3, $4, $5)",
		[]any{machine, stamp(at), from, to, reason},
	}
}

func oneMachine(ctx context.Context, q conn, id string) (allocator.Machine, error) {
	m, err := scanMachine(q.row(ctx, machineQuery+" WHERE m.id = $1", id))
	return m, found(err, "machine", id)
}

// Machine finds a machine by its id.
func (s *Store) Machine(ctx context.Context, id string) (allocator.Machine, error) {
	return oneMachine(ctx, s.read, id)
}

// Machines lists machines, oldest first.
func (s *Store) Machines(ctx context.Context, workshop string, ended bool) ([]allocator.Machine, error) {
	out, err := list(ctx, s.read, scanMachine, machineQuery+`
		WHERE ($1 = '' OR m.workshop_id = $1) AND ($2 OR m.state <> 'terminated') ORDER BY m.created_at, m.id`, workshop, ended)
	if err != nil {
		return nil, fmt.Errorf("list machines: %w", err)
	}
	return out, nil
}

// Timeline lists what became of a machine.
func (s *Store) Timeline(ctx context.Context, machine string) ([]allocator.Change, error) {
	out, err := list(ctx, s.read, func(row scanner) (allocator.Change, error) {
		var c allocator.Change
		var at int64
		err := row.Scan(&at, &c.From, &c.To, &c.Reason)
		c.At = fromStamp(at)
		return c, err
	}, "SELECT at, from_state, to_state, reason FROM timeline WHERE machine_id = $1 ORDER BY seq", machine)
	if err != nil {
		return nil, fmt.Errorf("read the timeline of %s: %w", machine, err)
	}
	return out, nil
}

// Move changes a machine's state by compare-and-set.
func (s *Store) Move(ctx context.Context, machine string, from, to allocator.MachineState, reason string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := oneMachine(ctx, tx, machine)
		if err != nil {
			return err
		}
		if m.State != from {
			return api.Problemf(api.Conflict, "The machine has changed meanwhile", "Machine %s is not %s any more but %s.", m.ID, from, m.State)
		}
		if to == allocator.Terminating { // or nobody would end the instance
			return api.Problemf(api.Conflict, "Only an operation ends a machine", "Add one for machine %s.", m.ID)
		}
		return move(ctx, tx, m, to, reason, at)
	})
}

// move changes m's state, as it was read in the same transaction, with everything that follows from
// it: the timeline, the outcome of operations, who holds which machine, and that machines
// can be had again.
func move(ctx context.Context, tx conn, m allocator.Machine, to allocator.MachineState, reason string, at time.Time) error {
	if !m.State.CanBecome(to) {
		return api.Problemf(api.Conflict, "The machine cannot do that now", "Machine %s is %s, so it cannot become %s.", m.ID, m.State, to)
	}
	if to == allocator.Terminated && m.InstanceID == "" && m.LaunchOpen {
		return api.Problemf(api.Conflict, "The machine cannot be given up yet", "AWS may be starting machine %s right now.", m.ID)
	}
	if err := tx.all(ctx, moving(m, to, reason, at)...); err != nil {
		return fmt.Errorf("move machine %s: %w", m.ID, err)
	}
	if m.State == allocator.Assigned {
		tx.rehold(m.ID, allocator.Hold{})
	}
	if err := concludes(ctx, tx, m, to, at); err != nil {
		return err
	}
	if m.State == allocator.Assigned || to == allocator.Ready {
		return give(ctx, tx, m.WorkshopID, at)
	}
	return nil
}

// moving are the statements that change m's state and put who held it back to where
// they were in the queue. The machine's number goes with the clock where it can: after a
// backup was restored it is still above those that agents have had.
func moving(m allocator.Machine, to allocator.MachineState, reason string, at time.Time) []Statement {
	out := []Statement{
		{`UPDATE machines SET state = $1, reason = $2, changed_at = $3, active_at = 0,
			number = CASE WHEN number < $3 THEN $3 ELSE number + 1 END WHERE id = $4`, []any{to, reason, stamp(at), m.ID}},
		changing(m.ID, m.State, to, reason, at),
	}
	if to == allocator.Ready && m.ReadyAt.IsZero() {
		out = append(out,
			Statement{"UPDATE machines SET ready_at = $1 WHERE id = $2", []any{stamp(at), m.ID}},
			Statement{"UPDATE workshops SET trouble = '', launch_failures = 0, launch_after = 0 WHERE id = $1 AND launch_failures > 0", []any{m.WorkshopID}})
	}
	if to == allocator.Rebooting {
		out = append(out, Statement{"UPDATE machines SET reboots = reboots + 1, reboot_from = boot_id, reboot_asked_at = 0, well_since = 0 WHERE id = $1", []any{m.ID}})
	}
	if m.State == allocator.Assigned {
		out = append(out, Statement{
			`UPDATE seats SET state = 'queued', machine_id = NULL, assigned_at = 0, ends_at = 0, note = $1, lost = $3, lost_note = $1
				WHERE machine_id = $2 AND ` + maySeat(allocator.SeatQueued),
			[]any{reason, m.ID, m.Lost(to, reason)},
		})
	}
	return out
}

// outcomes says which state of a machine is the outcome of which operation.
var outcomes = []struct {
	kind    allocator.OperationKind
	states  []allocator.MachineState
	outcome string
}{
	{allocator.Launch, []allocator.MachineState{allocator.Ready}, "done"},
	{allocator.Launch, []allocator.MachineState{allocator.Unhealthy, allocator.Terminating, allocator.Terminated}, "failed"},
	{allocator.Terminate, []allocator.MachineState{allocator.Terminated}, "done"},
	{allocator.Collect, []allocator.MachineState{allocator.Terminating, allocator.Terminated}, "failed"},
	{allocator.Reboot, []allocator.MachineState{allocator.Booting, allocator.Ready}, "done"},
	{allocator.Reboot, []allocator.MachineState{allocator.Unhealthy, allocator.Terminating, allocator.Terminated}, "failed"},
}

// concludes gives operations that wait for m their outcome.
func concludes(ctx context.Context, tx conn, m allocator.Machine, to allocator.MachineState, at time.Time) error {
	for _, o := range outcomes {
		if !slices.Contains(o.states, to) {
			continue
		}
		waiting, err := list(ctx, tx, scanID, `UPDATE operation_machines SET outcome = $1 WHERE machine_id = $2 AND outcome = 'pending'
			AND operation_id IN (SELECT id FROM operations WHERE kind = $3) RETURNING operation_id`, o.outcome, m.ID, o.kind)
		if err != nil {
			return fmt.Errorf("conclude operations on %s: %w", m.ID, err)
		}
		for _, op := range waiting {
			if err := settle(ctx, tx, op, at); err != nil {
				return err
			}
		}
	}
	return nil
}

func scanID(row scanner) (string, error) {
	var id string
	err := row.Scan(&id)
	return id, err
}
