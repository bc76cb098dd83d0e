package allocator

import (
	"context"
	"time"
)

// Turn is the turn of a host to switch to another release.
type Turn struct {
	Host    string // what tells it from the others
	Release string // the one that it is to run
}

// Turns lets the hosts that share a store switch to another release one after the
// other.
type Turns interface {
	// TakeTurn gives a host the turn for so long from now, by the clock of the database,
	// or lets it keep it. Where another host has it, nothing changes, and that one's is
	// returned.
	TakeTurn(ctx context.Context, t Turn, life time.Duration) (Turn, error)
	// GiveTurn ends a host's turn. It does nothing when another one has it.
	GiveTurn(ctx context.Context, host string) error
}
