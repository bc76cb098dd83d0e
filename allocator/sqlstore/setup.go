package sqlstore

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// KeepSetup keeps how a machine's set-up goes. While it boots that is why it is not ready.
func (s *Store) KeepSetup(ctx context.Context, machine string, how api.SetupStatus, told string, at time.Time) error {
	raw, err := json.Marshal(how)
	if err != nil {
		return fmt.Errorf("encode how %s is set up: %w", machine, err)
	}
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := oneMachine(ctx, tx, machine)
		if err != nil {
			return err
		}
		reason := m.Reason
		if doing := allocator.SettingUp(how); doing != "" && m.State == allocator.Booting {
			reason = doing
		}
		if _, err := tx.exec(ctx, "UPDATE machines SET setup = $1, reason = $2 WHERE id = $3", string(raw), reason, machine); err != nil {
			return fmt.Errorf("keep how %s is set up: %w", machine, err)
		}
		if told == "" {
			return nil
		}
		return addChange(ctx, tx, machine, m.State, m.State, told, at)
	})
}

// SetUpAgain has a machine boot that was unhealthy, or has rebooted, before it was set up.
func (s *Store) SetUpAgain(ctx context.Context, machine string, h api.Health, reason string, at time.Time) error {
	return s.change(ctx, func(ctx context.Context, tx conn) error {
		m, err := oneMachine(ctx, tx, machine)
		if err != nil {
			return err
		}
		why := "it is well again, and is to be set up"
		switch {
		case m.State == allocator.Rebooting && m.BootID != m.RebootFrom:
			why = "it has booted again, and is to be set up"
		case m.State != allocator.Unhealthy:
			return nil // somebody else was faster
		}
		if err := keepHealth(ctx, tx, m, h, reason, at); err != nil {
			return err
		}
		return move(ctx, tx, m, allocator.Booting, why, at)
	})
}
