package agent

import (
	"context"
	"errors"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Identity is who this agent is to the allocator.
type Identity struct {
	// AgentID is the agent's id, agt_…; "" before the allocator gave one.
	AgentID string `json:"agent_id"`
	// Secret proves in every request that the agent is this one. The agent made
	// it itself, and registered its sum.
	Secret string `json:"secret"`
	// Joined is the sum of the join token that somebody's own machine showed, and Released
	// why the allocator let it go.
	Joined   string `json:"joined,omitempty"`
	Released string `json:"released,omitempty"`
}

// Allocator is what the agent tells the allocator. A refusal has an
// *api.Problem in its chain; any other error means that the allocator was not
// reached or not understood.
type Allocator interface {
	// Register exchanges a proof for an id.
	Register(ctx context.Context, r api.Registration) (api.Registered, error)
	// Report says how the machine of id is.
	Report(ctx context.Context, id Identity, r api.Report) (api.ReportAnswer, error)
	// Setup asks what the machine is set up with.
	Setup(ctx context.Context, id Identity) (api.Setup, error)
	// Log says what was logged. The same batch may be said again.
	Log(ctx context.Context, id Identity, b api.LogBatch) error
}

// Prover shows which machine this is.
type Prover interface {
	// Prove makes a proof that can be used once. It fails while the machine
	// has no credentials.
	Prove(ctx context.Context) (api.Proof, error)
}

// Notices are what the cloud says it will do to the machine.
type Notices interface {
	// Next is what it will do next, or nil.
	Next(ctx context.Context) (*api.Interruption, error)
}

// ErrNoIdentity says that there is no identity to load.
var ErrNoIdentity = errors.New("no identity is stored")

// IdentityStore keeps the identity over restarts of the agent and the machine.
type IdentityStore interface {
	// Load returns what was saved last, with a secret in any case. The error
	// wraps ErrNoIdentity when there is none, or none that can be understood.
	Load() (Identity, error)
	// Save replaces what was saved before, wholly or not at all.
	Save(id Identity) error
}

// Dialer opens tunnels to the allocator.
type Dialer interface {
	// Dial opens a tunnel as the agent that id names. A refusal has an
	// *api.Problem in its chain.
	Dial(ctx context.Context, id Identity) (Tunnel, error)
}

// Tunnel is an open connection through which the allocator reaches the machine.
type Tunnel interface {
	// Serve answers the allocator until the tunnel breaks or ctx ends. The
	// error says why, and is never nil. Serve closes the tunnel.
	Serve(ctx context.Context) error
	// Moving is closed when the allocator is about to stop and asks for another tunnel,
	// to whoever takes it. This one goes on until the allocator ends it.
	Moving() <-chan struct{}
}
