package agent

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// register asks for an identity until it gets one. The allocator may not know
// the instance yet, or be away: every refusal is asked again. The error is
// always that ctx ended.
func (a *Agent) register(ctx context.Context) (Identity, error) {
	var id Identity
	err := a.tries("register with the allocator").until(ctx, func() (err error) {
		id, err = a.registerOnce(ctx)
		return err
	})
	return id, err
}

func (a *Agent) registerOnce(ctx context.Context) (Identity, error) {
	proof, err := a.Prover.Prove(ctx)
	if err != nil {
		return Identity{}, fmt.Errorf("prove which machine this is: %w", err)
	}
	given, err := a.Allocator.Register(ctx, api.Registration{
		Proof:     proof,
		Protocol:  api.Protocol,
		Version:   a.Machine.about.Version,
		BootID:    a.Machine.about.BootID,
		Inventory: a.Machine.Status().Inventory,
	})
	if err != nil {
		return Identity{}, err
	}
	id := Identity{AgentID: given.AgentID, Secret: given.Secret}
	a.Log.Info("registered", "agent", id.AgentID, "machine", given.MachineID)
	if err := a.Identities.Save(id); err != nil {
		a.Log.Error("the identity was not stored: after a restart of the agent, staff must mark this machine's agent replaceable",
			"error", err)
	}
	return id, nil
}

// renew asks once for a new identity after the allocator refused id: at once
// when it had not asked for a while, and otherwise after a long pause. Where it
// gets none it says why and returns id to be tried again, because the
// allocator may have come back with its memory, and the next refusal leads
// here again.
func (a *Agent) renew(ctx context.Context, id Identity, refusal error) Identity {
	if a.renewal.told == "" {
		a.Log.Warn("the allocator does not know this agent's identity; asking for a new one", "error", refusal)
	}
	if !a.wait(ctx, a.mayAsk.Sub(a.Now())) {
		return id
	}
	a.mayAsk = a.Now().Add(jitter(maxPause, a.Random))
	fresh, err := a.registerOnce(ctx)
	if err != nil {
		a.renewal.failed(err, a.mayAsk.Sub(a.Now()))
		return id
	}
	a.renewal.succeeded()
	return fresh
}

// wait waits for d, which may be negative, and says whether ctx is still alive.
func (a *Agent) wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
