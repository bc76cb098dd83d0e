package agent

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/talmolab/lablink-infrastructure/api"
)

// errNoAnswer is why an agent that has a secret registers.
var errNoAnswer = errors.New("no answer to an earlier registration is stored")

// register asks for an id until it gets one. The allocator may not know the
// instance yet, or be away: every refusal is asked again. The error is that ctx ended,
// or that the machine was released.
func (a *Agent) register(ctx context.Context, id Identity) (Identity, error) {
	err := a.tries("register with the allocator").until(ctx, func() error {
		if id.Secret == "" {
			made := Identity{Secret: newSecret(), Joined: a.joinSum()}
			// Stored before it is told: whenever the allocator knows its sum, this
			// machine has it, even where the answer or the agent is lost.
			if err := a.Identities.Save(made); err != nil {
				return fmt.Errorf("store the agent's secret: %w", err)
			}
			id = made
		}
		given, err := a.registerOnce(ctx, id.Secret)
		if err == nil {
			id = given
		}
		if isReleased(err) {
			return backoff.Permanent(err)
		}
		return err
	})
	return id, err
}

// newSecret makes 256 random bits.
func newSecret() string {
	var raw [32]byte
	_, _ = rand.Read(raw[:]) // never fails
	return hex.EncodeToString(raw[:])
}

func (a *Agent) registerOnce(ctx context.Context, secret string) (Identity, error) {
	proof, err := a.prove(ctx)
	if err != nil {
		return Identity{}, err
	}
	given, err := a.Allocator.Register(ctx, api.Registration{
		Proof:        proof,
		Protocol:     api.Protocol,
		Version:      a.Machine.about.Version,
		BootID:       a.Machine.about.BootID,
		Inventory:    a.Machine.status(ctx).Inventory,
		SecretSHA256: api.SecretSum(secret),
		JoinToken:    a.JoinToken,
	})
	if err != nil {
		return Identity{}, err
	}
	if err := a.understands(given.Version, given.Protocol); err != nil {
		return Identity{}, err
	}
	if given.Released != "" {
		return Identity{}, &releasedError{given.Released}
	}
	id := Identity{AgentID: given.AgentID, Secret: secret, Joined: a.joinSum()}
	a.Log.Info("registered", "agent", id.AgentID, "machine", given.MachineID)
	if err := a.Identities.Save(id); err != nil {
		a.Log.Warn("the agent's id was not stored; the agent asks for it again when it starts again", "error", err)
	}
	return id, nil
}

// renew registers the same secret once more after the allocator refused id: at
// once when it had not asked for a while, and otherwise after a long pause. Where
// it gets no id it says why and returns id to be tried again (an error says that the
// machine was released), because the
// allocator may have come back with its memory, and the next refusal leads
// here again.
func (a *Agent) renew(ctx context.Context, id Identity, refusal error) (Identity, error) {
	if a.renewal.told == "" {
		a.Log.Warn("the allocator does not know this agent; registering again", "error", refusal)
	}
	if !wait(ctx, a.mayAsk.Sub(a.Now())) {
		return id, nil
	}
	a.mayAsk = a.Now().Add(jitter(maxPause, a.Random))
	fresh, err := a.registerOnce(ctx, id.Secret)
	if isReleased(err) {
		return id, err
	}
	if err != nil {
		a.renewal.failed(err, a.mayAsk.Sub(a.Now()))
		return id, nil
	}
	a.renewal.succeeded()
	return fresh, nil
}

// wait waits for d, which may be negative, and says whether ctx is still alive.
func wait(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
