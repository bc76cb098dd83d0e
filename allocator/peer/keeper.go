package peer

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// Interval is how often an allocator shows the others that it is there.
	Interval = 2 * time.Second
	// life is how long one may be silent until it counts as gone.
	life = 5 * Interval
	// keepTime is how long it may take to write something down.
	keepTime = 5 * time.Second
)

// Tunnels are the tunnels of this process. A *tunnel.Hub is one.
type Tunnels interface {
	// Tunnels are the ids of the tunnels that are up, by their machines.
	Tunnels() map[string]string
	// Drop ends a tunnel, if it is up still.
	Drop(machine, id string)
}

// Keeper keeps in the store that this allocator is there, and which tunnels it holds.
type Keeper struct {
	Self  allocator.Peer
	Store allocator.Peers
	// Tunnels are those of this process.
	Tunnels Tunnels
	// Heard is told which allocators there are. Optional.
	Heard func([]allocator.Peer)
	Log   *slog.Logger

	mu      sync.Mutex
	settled map[string]string // the tunnels that are up, by their machines, once they were written down or that failed
	known   map[[32]byte]bool // the certificates of the allocators that are there
	agreed  bool              // whether all of them run the release of this one
}

// Begin tells the others that this allocator is there. The tunnels of one that was
// here before it are not up any more.
func (k *Keeper) Begin(ctx context.Context) error { return k.beat(ctx) }

// End tells the others that it is gone.
func (k *Keeper) End(ctx context.Context) error { return k.Store.ForgetPeer(ctx, k.Self.ID) }

func (k *Keeper) beat(ctx context.Context) error {
	if err := k.Store.Beat(ctx, k.Self, life); err != nil {
		return err
	}
	_, err := k.list(ctx)
	return err
}

// list reads which allocators there are.
func (k *Keeper) list(ctx context.Context) (map[[32]byte]bool, error) {
	peers, err := k.Store.ListPeers(ctx)
	if err != nil {
		return nil, err
	}
	known, agreed := make(map[[32]byte]bool, len(peers)), true
	for _, p := range peers {
		known[p.Certificate] = true
		agreed = agreed && p.Release == k.Self.Release
	}
	k.mu.Lock()
	k.known, k.agreed = known, agreed
	k.mu.Unlock()
	if k.Heard != nil {
		k.Heard(peers)
	}
	return known, nil
}

// Knows reports whether a certificate is that of an allocator that is there. One that
// is new is looked for in the store.
func (k *Keeper) Knows(sum [32]byte) bool {
	k.mu.Lock()
	known := k.known
	k.mu.Unlock()
	if known[sum] {
		return true
	}
	ctx, cancel := context.WithTimeout(context.Background(), keepTime)
	defer cancel()
	known, err := k.list(ctx)
	if err != nil {
		k.Log.Warn("it is not known which allocators there are", "error", err)
	}
	return known[sum]
}

// Others reports whether there is another allocator.
func (k *Keeper) Others() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.known) > 1
}

// Agreed reports whether all allocators run the release that this one does: while they
// do not, agents would be told now of one and now of another.
func (k *Keeper) Agreed() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.agreed
}

// Changed keeps that a tunnel came up or went. What cannot be written down now is
// when the store is compared with what is up.
func (k *Keeper) Changed(machine, id string, up bool) {
	ctx, cancel := context.WithTimeout(context.Background(), keepTime)
	defer cancel()
	t := allocator.Tunnel{ID: id, Holder: k.Self.ID}
	write := k.Store.Connect
	if !up {
		k.settle(machine, id, false)
		write = k.Store.Disconnect
	}
	if err := write(ctx, machine, t); err != nil {
		k.Log.Warn("a tunnel's state was not kept, and is again in a moment", "machine", machine, "up", up, "error", err)
	}
	if up {
		k.settle(machine, id, true)
	}
}

func (k *Keeper) settle(machine, id string, up bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	switch {
	case !up && k.settled[machine] == id:
		delete(k.settled, machine)
	case up:
		if k.settled == nil {
			k.settled = map[string]string{}
		}
		k.settled[machine] = id
	}
}

// Watch looks at every tick until ctx ends.
func (k *Keeper) Watch(ctx context.Context, ticks <-chan time.Time) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-ticks:
		}
		look, cancel := context.WithTimeout(ctx, keepTime)
		if err := k.Look(look); err != nil && ctx.Err() == nil {
			k.Log.Warn("it is not known which allocators there are and which tunnels they hold", "error", err)
		}
		cancel()
	}
}

// Look shows that this allocator is there, and compares the tunnels that it holds
// with what is written down.
func (k *Keeper) Look(ctx context.Context) error {
	if err := k.beat(ctx); err != nil {
		return err
	}
	settled := k.up()
	held, err := k.Store.Held(ctx, k.Self.ID)
	if err != nil {
		return err
	}
	for machine, id := range settled {
		if held[machine] == id {
			continue
		}
		err := k.Store.Reconnect(ctx, machine, allocator.Tunnel{ID: id, Holder: k.Self.ID})
		if api.CodeOf(err) == api.Conflict { // the machine has a tunnel elsewhere, which is newer
			k.Tunnels.Drop(machine, id)
		} else if err != nil {
			return err
		}
	}
	up := k.Tunnels.Tunnels()
	for machine, id := range held {
		if up[machine] == id {
			continue
		}
		if err := k.Store.Disconnect(ctx, machine, allocator.Tunnel{ID: id, Holder: k.Self.ID}); err != nil {
			return err
		}
	}
	return nil
}

// up is a copy of the tunnels that are settled.
func (k *Keeper) up() map[string]string {
	k.mu.Lock()
	defer k.mu.Unlock()
	out := make(map[string]string, len(k.settled))
	for machine, id := range k.settled {
		out[machine] = id
	}
	return out
}
