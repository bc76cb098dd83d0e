package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/api"
)

// ErrReleased is that the allocator has let somebody's own machine go: it comes back with
// another token only.
var ErrReleased = errors.New("ask for another token")

// releasedError says that the allocator lets somebody's own machine go.
type releasedError struct{ why string }

func (e *releasedError) Error() string { return "the allocator released this machine: " + e.why }

func isReleased(err error) bool {
	var r *releasedError
	return errors.As(err, &r)
}

// joinSum is what is kept of the join token.
func (a *Agent) joinSum() string {
	if a.JoinToken == "" {
		return ""
	}
	return api.SecretSum(a.JoinToken)
}

// prove makes what a machine registers with; one that shows a join token needs none.
func (a *Agent) prove(ctx context.Context) (api.Proof, error) {
	if a.JoinToken != "" {
		return api.Proof{Headers: map[string]string{}}, nil
	}
	proof, err := a.Prover.Prove(ctx)
	if err != nil {
		return proof, fmt.Errorf("prove which machine this is: %w", err)
	}
	return proof, nil
}

// joining is the identity to go on with: another token makes another machine of this
// one, and with the same token one that was released does not come back.
func (a *Agent) joining(id Identity, missing error) (Identity, error) {
	switch {
	case a.JoinToken == "" || missing != nil:
		return id, missing
	case id.Joined != a.joinSum():
		return Identity{}, fmt.Errorf("%w for this join token", ErrNoIdentity)
	case id.Released != "":
		return id, fmt.Errorf("this machine joined with that token before and was released (%s): %w", id.Released, ErrReleased)
	}
	return id, nil
}

// leave ends an agent: as ctx ended, or as its machine was released, which is kept.
func (a *Agent) leave(why error) error {
	var r *releasedError
	if !errors.As(why, &r) {
		return nil // ctx ended
	}
	a.Log.Info("the allocator released this machine, and the agent ends", "because", r.why)
	id, err := a.Identities.Load()
	if err != nil {
		return nil //nolint:nilerr // there is nothing to keep it with
	}
	id.Released = r.why
	if err := a.Identities.Save(id); err != nil {
		return fmt.Errorf("keep that the machine was released: %w", err)
	}
	return nil
}
