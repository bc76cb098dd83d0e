package sqlstore

import (
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// UseProof remembers a proof.
func (s *Store) UseProof(ctx context.Context, digest [32]byte, until time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		done, err := tx.exec(ctx, "INSERT INTO proofs (digest, until) VALUES ($1, $2) ON CONFLICT DO NOTHING", digest[:], stamp(until))
		if err != nil {
			return fmt.Errorf("remember a proof: %w", err)
		}
		if n, err := done.RowsAffected(); err != nil || n == 0 {
			return api.Problemf(api.Conflict, "The proof was used before", "A proof counts once. The agent makes a new one by itself.")
		}
		return nil
	})
}

// secondAgent is what the timeline of a machine says, once, of an agent that is
// not the machine's own.
const secondAgent = "an agent with another secret asked to register and was refused; if this machine's agent lost its own, end the machine and launch another one"

// RegisterAgent gives an instance's machine its agent.
func (s *Store) RegisterAgent(ctx context.Context, instance string, a allocator.Agent, inventory api.Inventory, at time.Time) (allocator.Machine, error) {
	var m allocator.Machine
	var refused error // a second agent is written down, so the change that does it succeeds
	err := s.change(ctx, func(ctx context.Context, tx conn) error {
		var err error
		m, err = scanMachine(tx.row(ctx, machineQuery+" WHERE m.instance_id = $1", instance))
		switch {
		case errors.Is(err, sql.ErrNoRows):
			return api.Problemf(api.NotFound, "The instance is not known", "This allocator did not launch %s, or has not heard of it yet.", instance)
		case err != nil:
			return fmt.Errorf("find the machine of %s: %w", instance, err)
		case m.AgentID != "" && m.State != allocator.Terminating && m.State != allocator.Terminated:
			var replace bool
			if replace, refused, err = registerAgain(ctx, tx, m, a.Secret, at); !replace {
				return err
			}
		case m.State != allocator.Booting && m.State != allocator.Unhealthy && m.State != allocator.Rebooting:
			return api.Problemf(api.Conflict, "The machine is not wanted any more", "Instance %s belongs to a machine that is %s.", instance, m.State)
		}
		has, err := inventoryText(inventory)
		if err != nil {
			return err
		}
		_, err = tx.exec(ctx, `UPDATE machines SET agent_id = $1, agent_secret = $2, inventory = $3, agent_replaceable = $4
			WHERE id = $5 AND (agent_id IS NULL OR agent_replaceable)`, a.ID, a.Secret[:], has, false, m.ID)
		if err != nil {
			return fmt.Errorf("give machine %s its agent: %w", m.ID, err)
		}
		m.AgentID, m.Inventory = a.ID, inventory
		return addChange(ctx, tx, m.ID, m.State, m.State, "its agent registered", at)
	})
	if err == nil {
		err = refused
	}
	return m, err
}

// KeepInventory keeps what a machine has.
func (s *Store) KeepInventory(ctx context.Context, machine string, inventory api.Inventory) error {
	has, err := inventoryText(inventory)
	if err != nil {
		return err
	}
	return s.exec(ctx, "keep what machine "+machine+" has", "UPDATE machines SET inventory = $1 WHERE id = $2", has, machine)
}

// inventoryText is what a machine has, as it is kept.
func inventoryText(inventory api.Inventory) (string, error) {
	raw, err := json.Marshal(inventory)
	if err != nil {
		return "", fmt.Errorf("encode inventory: %w", err)
	}
	return string(raw), nil
}

// registerAgain lets the agent that m has register once more: it may not have
// had the answer. Another one takes its place where it may, and is refused elsewhere.
func registerAgain(ctx context.Context, tx conn, m allocator.Machine, sum [32]byte, at time.Time) (replace bool, refused, err error) {
	var secret []byte
	var told bool
	err = tx.row(ctx, "SELECT agent_secret, EXISTS (SELECT 1 FROM timeline WHERE machine_id = m.id AND reason = $1) FROM machines m WHERE id = $2",
		secondAgent, m.ID).Scan(&secret, &told)
	if err != nil {
		return false, nil, fmt.Errorf("find the agent of machine %s: %w", m.ID, err)
	}
	switch {
	case bytes.Equal(secret, sum[:]):
		return false, nil, keepAgent(ctx, tx, m.ID)
	case m.AgentReplaceable:
		return true, nil, nil
	}
	if !told { // it asks again and again
		err = addChange(ctx, tx, m.ID, m.State, m.State, secondAgent, at)
	}
	return false, api.Problemf(api.Conflict, "The machine has an agent already", "Instance %s registered with another secret. If that is lost, end the machine and launch another one.", m.InstanceID), err
}

// Agent finds an agent by its id. The agent of a machine that has ended is not
// known any more.
func (s *Store) Agent(ctx context.Context, id string) (allocator.Agent, error) {
	a := allocator.Agent{ID: id}
	var secret []byte
	err := s.read.row(ctx, "SELECT id, agent_secret FROM machines WHERE agent_id = $1 AND state <> 'terminated'", id).Scan(&a.MachineID, &secret)
	if err := found(err, "agent", id); err != nil {
		return a, err
	}
	if copy(a.Secret[:], secret) != len(a.Secret) {
		return a, fmt.Errorf("the secret of agent %s has %d bytes", id, len(secret))
	}
	return a, nil
}

// SetHealth keeps a machine's health. One that is not given to anybody becomes
// ready or unhealthy with it; one that is assigned stays with its participant.
func (s *Store) SetHealth(ctx context.Context, machine string, h api.Health, reason string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := oneMachine(ctx, tx, machine)
		if err != nil {
			return err
		}
		if err := keepHealth(ctx, tx, m, h, reason, at); err != nil {
			return err
		}
		to, why := allocator.Ready, "its agent reports that it is "+string(h)
		if h == api.Unhealthy {
			to, why = allocator.Unhealthy, reason
		}
		rebooted := m.State == allocator.Rebooting && m.BootID != m.RebootFrom
		if rebooted && to == allocator.Ready {
			why = "it has booted again, and " + why
		}
		switch m.State {
		case allocator.Rebooting:
			if rebooted {
				return move(ctx, tx, m, to, why, at)
			}
		case allocator.Booting, allocator.Ready, allocator.Unhealthy:
			if m.State != to {
				return move(ctx, tx, m, to, why, at)
			}
		default: // a report does not change where it is on its way to
		}
		return nil
	})
}

func keepHealth(ctx context.Context, tx conn, m allocator.Machine, h api.Health, reason string, at time.Time) error {
	since := m.HealthSince
	if m.Health != h {
		since = at
	}
	_, err := tx.exec(ctx, `UPDATE machines SET health = $1, health_reason = $2, health_since = $5,
		well_since = CASE WHEN $1 <> 'healthy' THEN 0 WHEN well_since = 0 THEN $3 ELSE well_since END WHERE id = $4`, h, reason, stamp(at), m.ID, stamp(since))
	if err != nil {
		return fmt.Errorf("keep the health of %s: %w", m.ID, err)
	}
	return nil
}
