package tunnel

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/frames"
)

// statusTimeout is how long a machine may take to say how it is.
const statusTimeout = 5 * time.Second

// backlog is how many requests to an agent may wait for it to take them. A thousand idle
// tunnels have room for them all the same.
const backlog = 64

// Hub holds the tunnels, one for each machine.
type Hub struct {
	// OnChange hears when a machine's tunnel, which has an id, comes up or goes down.
	OnChange func(machine, id string, up bool)
	// Elsewhere reaches the agent of a machine whose tunnel is not here. Optional.
	Elsewhere func(machine string) http.RoundTripper
	// Patience is how long an agent may take to answer. Optional: 10 s.
	Patience time.Duration
	Log      *slog.Logger

	mu       sync.Mutex
	tunnels  map[string]held
	draining bool // whether new tunnels are refused

	configured sync.Once
	conf       *yamux.Config
}

// held is a tunnel with its id.
type held struct {
	*yamux.Session
	id string
}

var _ allocator.Tunnels = (*Hub)(nil)

// Serve takes a machine's tunnel, which goes on after the request. A new tunnel takes
// the place of an old one, which a machine may have given up unheard.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, machine string) {
	if h.refuses(w) {
		return
	}
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	ws.SetReadLimit(-1) // yamux bounds what is read
	session, err := yamux.Client(frames.Conn(websocket.NetConn(context.WithoutCancel(r.Context()), ws, websocket.MessageBinary)), h.config())
	if err != nil {
		h.Log.Error("open a tunnel", "machine", machine, "error", err)
		_ = ws.CloseNow()
		return
	}
	go h.hold(machine, held{session, rand.Text()})
}

// hold keeps a tunnel until it has ended.
func (h *Hub) hold(machine string, t held) {
	defer t.Close() // and its connection, whoever ended it; who is gone is waited for
	if !h.replace(machine, t) {
		return
	}
	h.OnChange(machine, t.id, true)
	<-t.CloseChan()
	if h.forget(machine, t) {
		h.OnChange(machine, t.id, false)
	}
}

// config is that of all tunnels.
func (h *Hub) config() *yamux.Config {
	h.configured.Do(func() {
		c := yamux.DefaultConfig()
		c.KeepAliveInterval = 25 * time.Second
		c.ConnectionWriteTimeout = 10 * time.Second
		c.AcceptBacklog = backlog
		c.LogOutput = nil
		c.Logger = slog.NewLogLogger(h.Log.Handler(), slog.LevelDebug)
		h.conf = c
	})
	return h.conf
}

// replace keeps a tunnel, unless none are taken any more since it was brought.
func (h *Hub) replace(machine string, t held) bool {
	h.mu.Lock()
	if h.draining {
		h.mu.Unlock()
		return false
	}
	if h.tunnels == nil {
		h.tunnels = map[string]held{}
	}
	old := h.tunnels[machine]
	h.tunnels[machine] = t
	h.mu.Unlock()
	if old.Session != nil {
		_ = old.Close()
	}
	return true
}

// forget removes a tunnel, unless a newer one has taken its place.
func (h *Hub) forget(machine string, t held) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tunnels[machine] != t {
		return false
	}
	delete(h.tunnels, machine)
	return true
}

// Close ends all tunnels, and takes no new ones. Agents dial again, to whoever is there
// then.
func (h *Hub) Close() {
	h.mu.Lock()
	h.draining = true
	sessions := slices.Collect(maps.Values(h.tunnels))
	h.mu.Unlock()
	for _, s := range sessions {
		_ = s.Close()
	}
}

// Tunnels are the ids of the tunnels that are up, by their machines.
func (h *Hub) Tunnels() map[string]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make(map[string]string, len(h.tunnels))
	for machine, t := range h.tunnels {
		out[machine] = t.id
	}
	return out
}

// Drop ends a tunnel, if it is up still: the machine has a newer one elsewhere.
func (h *Hub) Drop(machine, id string) {
	h.mu.Lock()
	t := h.tunnels[machine]
	h.mu.Unlock()
	if t.Session != nil && t.id == id {
		_ = t.Close()
	}
}

// Connected is how many tunnels are up.
func (h *Hub) Connected() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.tunnels)
}

// Status asks a machine's agent how it is.
func (h *Hub) Status(ctx context.Context, machine string) (api.Status, error) {
	var status api.Status
	return status, h.askFor(ctx, statusTimeout, machine, http.MethodGet, "/status", nil, &status)
}
