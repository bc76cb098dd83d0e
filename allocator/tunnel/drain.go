package tunnel

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

const (
	// moveTime is how long an agent may take to hear that it is to move.
	moveTime = 2 * time.Second
	// moveAtOnce is how many are told at once.
	moveAtOnce = 64
)

// Drain takes no new tunnels from now on, and asks the agents of those that are up to
// open others elsewhere. These go on until they are closed.
func (h *Hub) Drain(ctx context.Context) {
	h.mu.Lock()
	h.draining = true
	h.mu.Unlock()
	var all sync.WaitGroup
	turn := make(chan struct{}, moveAtOnce)
	for machine := range h.Tunnels() {
		turn <- struct{}{}
		all.Go(func() {
			defer func() { <-turn }()
			if err := h.move(ctx, machine); err != nil {
				h.Log.Debug("an agent was not asked to move", "machine", machine, "error", err)
			}
		})
	}
	all.Wait()
}

func (h *Hub) move(ctx context.Context, machine string) error {
	ctx, cancel := context.WithTimeout(ctx, moveTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://agent"+api.MovePath, nil)
	if err != nil {
		return err
	}
	local, _ := h.Local(machine)
	res, err := local.RoundTrip(req)
	if err != nil {
		return err
	}
	return res.Body.Close()
}

// refuses answers who brings a tunnel while none are taken.
func (h *Hub) refuses(w http.ResponseWriter) bool {
	h.mu.Lock()
	draining := h.draining
	h.mu.Unlock()
	if !draining {
		return false
	}
	p := api.Problemf(api.Unavailable, "This allocator is about to stop", "Another one takes the tunnel: ask again.")
	p.Answer(w)
	return true
}
