package allocator

import (
	"context"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Peer is one of the allocators that share a store.
type Peer struct {
	ID string
	// Address is where the others reach it: a host and a port. "" for an allocator
	// that has its store to itself.
	Address string
	// Certificate is the SHA-256 of the certificate that it has.
	Certificate [32]byte
	// Release is the one that it runs; "" where that is not known.
	Release string
}

// Tunnel is one tunnel of a machine: a new one has another id.
type Tunnel struct {
	ID     string
	Holder string // the id of the allocator that holds it
}

// Peers keeps which allocators there are, and which of them holds a machine's tunnel.
type Peers interface {
	// Beat keeps that an allocator is there. One that was at its address before it is
	// forgotten, and so are those that were silent for longer than life, by the clock
	// of the database, with the tunnels that they held. Who was silent for that long
	// itself judges nobody: the database may have been away from all of them.
	Beat(ctx context.Context, p Peer, life time.Duration) error
	// ForgetPeer ends that an allocator is there. No tunnel is its any more.
	ForgetPeer(ctx context.Context, id string) error
	// ListPeers lists the allocators that are there.
	ListPeers(ctx context.Context) ([]Peer, error)
	// Connect keeps that a machine's tunnel is up, whoever held another one before.
	// Conflict when its holder is not there: it was forgotten.
	Connect(ctx context.Context, machine string, t Tunnel) error
	// Reconnect does the same where no tunnel of the machine is up. Conflict where one is.
	Reconnect(ctx context.Context, machine string, t Tunnel) error
	// Disconnect keeps that a tunnel is gone. It does nothing when the machine has
	// another one by now.
	Disconnect(ctx context.Context, machine string, t Tunnel) error
	// Held are the machines whose tunnels an allocator holds, with these.
	Held(ctx context.Context, peer string) (map[string]string, error)
	// HolderOf finds the allocator that holds a machine's tunnel. NotFound.
	HolderOf(ctx context.Context, machine string) (Peer, error)
}

// NotConnected is what is said of a machine that no tunnel leads to. An agent that
// lost its tunnel is back within seconds.
func NotConnected() *api.Problem {
	p := api.Problemf(api.Unavailable, "The machine is not connected", "Its agent keeps no tunnel at the moment, and opens one by itself. Try again in a few seconds.")
	p.RetryAfter = 2 * time.Second
	return p
}
