package launcher

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/common/apitype"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"

	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// Recover makes a stack ready after an earlier call was cut short: it clears the
// lock of a process that is gone, and settles resources of which the engine does
// not know whether they were made by asking the account.
func (p *Pulumi) Recover(ctx context.Context, s Stack, account *control.Client) error {
	if err := p.unlock(ctx, s); err != nil {
		return err
	}
	raw, err := p.Output(ctx, "stack", "export", "--stack", s.Name)
	if err != nil {
		return err
	}
	settled, pending, err := settle(raw, func(urn string) (string, error) { return account.Created(ctx, urn) })
	if err != nil {
		return fmt.Errorf("read the state of %s: %w", s.Name, err)
	}
	if pending == 0 {
		return nil
	}
	p.w.say("• An earlier deployment was cut short; finding out what became of what it was making (%d)", pending)
	file := p.w.own("stacks", "settled.json")
	if err := os.WriteFile(file, settled, 0o600); err != nil {
		return fmt.Errorf("keep the settled state: %w", err)
	}
	defer os.Remove(file)
	if _, err := p.Output(ctx, "stack", "import", "--stack", s.Name, "--file", file); err != nil {
		return err
	}
	return p.Run(ctx, append([]string{"refresh", "--yes", "--skip-preview", "--suppress-outputs"}, s.args()...)...)
}

// settle turns a state's pending creations into resources where the account
// knows what became of them, and forgets the others. (The engine's own flag for
// that, --import-pending-creates, marks them and then drops them.) What is not
// known of these resources is left to a refresh.
func settle(raw []byte, created func(urn string) (id string, err error)) (out []byte, pending int, err error) {
	var state apitype.UntypedDeployment
	var deployment apitype.DeploymentV3
	if err := json.Unmarshal(raw, &state); err != nil {
		return nil, 0, err
	}
	if err := json.Unmarshal(state.Deployment, &deployment); err != nil {
		return nil, 0, err
	}
	for _, op := range deployment.PendingOperations {
		if op.Type != apitype.OperationTypeCreating {
			continue // the state holds the resources of all others
		}
		pending++
		id, err := created(string(op.Resource.URN))
		if err != nil {
			return nil, 0, err
		}
		if id != "" {
			op.Resource.ID = resource.ID(id)
			deployment.Resources = append(deployment.Resources, op.Resource)
		}
	}
	deployment.PendingOperations = nil
	if state.Deployment, err = json.Marshal(deployment); err != nil {
		return nil, 0, err
	}
	out, err = json.Marshal(state)
	return out, pending, err
}

// unlock clears locks whose process is gone. One that lives is somebody who
// calls pulumi by hand.
func (p *Pulumi) unlock(ctx context.Context, s Stack) error {
	locks, err := filepath.Glob(p.w.own("state", ".pulumi", "locks", "organization", "*", s.Name, "*.json"))
	if err != nil || len(locks) == 0 {
		return err
	}
	for _, name := range locks {
		var lock struct{ PID int }
		raw, err := os.ReadFile(name)
		if err != nil {
			continue // let go meanwhile
		}
		if json.Unmarshal(raw, &lock) == nil && runs(lock.PID, "pulumi") {
			return fmt.Errorf("pulumi is at work on stack %s (process %d): wait until it is done", s.Name, lock.PID)
		}
	}
	p.w.say("• Clearing the lock of a deployment that was cut short")
	_, err = p.Output(ctx, "cancel", "--yes", s.Name)
	return err
}

// runs reports whether a process is a program that runs. One that has ended and
// is not taken notice of yet does not, and a number may have become another's.
func runs(pid int, program string) bool {
	exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
	return err == nil && strings.TrimSuffix(filepath.Base(exe), " (deleted)") == program
}
