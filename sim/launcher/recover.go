package launcher

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// Recover makes a stack ready after an earlier call was cut short: it clears the
// lock of a process that is gone, and settles resources of which the engine does
// not know whether they were made by asking the account.
func (p *Pulumi) Recover(ctx context.Context, s Stack, account *control.Client) error {
	if err := p.unlock(ctx, s); err != nil {
		return err
	}
	pending, err := p.pendingCreates(ctx, s)
	if err != nil || len(pending) == 0 {
		return err
	}
	p.w.say("• An earlier deployment was cut short; finding out what became of %d resources", len(pending))
	args := append([]string{"refresh", "--yes", "--skip-preview", "--suppress-outputs"}, s.args()...)
	for _, urn := range pending {
		id, err := account.Created(ctx, urn)
		if err != nil {
			return err
		}
		if id != "" {
			args = append(args, "--import-pending-creates", urn+","+id)
		}
	}
	if err := p.Run(ctx, args...); err != nil {
		return err
	}
	return p.Run(ctx, append([]string{"refresh", "--yes", "--skip-preview", "--suppress-outputs", "--clear-pending-creates"}, s.args()...)...)
}

// unlock clears locks whose process is gone. One that lives is somebody who
// calls pulumi by hand.
func (p *Pulumi) unlock(ctx context.Context, s Stack) error {
	locks, err := filepath.Glob(p.w.path("state", ".pulumi", "locks", "organization", "*", s.Name, "*.json"))
	if err != nil || len(locks) == 0 {
		return err
	}
	for _, name := range locks {
		var lock struct{ PID int }
		raw, err := os.ReadFile(name)
		if err != nil {
			continue // let go meanwhile
		}
		if json.Unmarshal(raw, &lock) == nil && lock.PID > 0 && syscall.Kill(lock.PID, 0) == nil {
			return fmt.Errorf("pulumi is at work on stack %s (process %d): wait until it is done", s.Name, lock.PID)
		}
	}
	p.w.say("• Clearing the lock of a deployment that was cut short")
	_, err = p.Output(ctx, "cancel", "--yes", s.Name)
	return err
}

// pendingCreates are resources that the engine began to make and did not hear of
// again.
func (p *Pulumi) pendingCreates(ctx context.Context, s Stack) ([]string, error) {
	raw, err := p.Output(ctx, "stack", "export", "--stack", s.Name)
	if err != nil {
		return nil, err
	}
	var state struct {
		Deployment struct {
			Pending []struct {
				Type     string
				Resource struct{ URN string }
			} `json:"pending_operations"`
		}
	}
	if err := json.Unmarshal(raw, &state); err != nil {
		return nil, fmt.Errorf("read the state of %s: %w", s.Name, err)
	}
	var out []string
	for _, op := range state.Deployment.Pending {
		if op.Type == "creating" {
			out = append(out, op.Resource.URN)
		}
	}
	return out, nil
}
