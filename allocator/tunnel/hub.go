package tunnel

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// statusTimeout is how long a machine may take to say how it is.
const statusTimeout = 5 * time.Second

// Hub holds the tunnels, one for each machine.
type Hub struct {
	// OnChange hears when a machine's tunnel comes up or goes down.
	OnChange func(machine string, up bool)
	Log      *slog.Logger

	mu      sync.Mutex
	tunnels map[string]*yamux.Session
}

var _ allocator.Tunnels = (*Hub)(nil)

// Serve takes a machine's tunnel and returns when it has ended. A new tunnel
// takes the place of an old one, which a machine may have given up unheard.
func (h *Hub) Serve(w http.ResponseWriter, r *http.Request, machine string) {
	ws, err := websocket.Accept(w, r, &websocket.AcceptOptions{CompressionMode: websocket.CompressionDisabled})
	if err != nil {
		return // Accept has answered
	}
	ws.SetReadLimit(-1) // yamux bounds what is read
	defer ws.CloseNow()
	session, err := yamux.Client(websocket.NetConn(r.Context(), ws, websocket.MessageBinary), h.config())
	if err != nil {
		h.Log.Error("open a tunnel", "machine", machine, "error", err)
		return
	}
	defer session.Close()
	h.replace(machine, session)
	h.OnChange(machine, true)
	<-session.CloseChan()
	if h.forget(machine, session) {
		h.OnChange(machine, false)
	}
}

func (h *Hub) config() *yamux.Config {
	c := yamux.DefaultConfig()
	c.KeepAliveInterval = 25 * time.Second
	c.ConnectionWriteTimeout = 10 * time.Second
	c.LogOutput = nil
	c.Logger = slog.NewLogLogger(h.Log.Handler(), slog.LevelDebug)
	return c
}

func (h *Hub) replace(machine string, session *yamux.Session) {
	h.mu.Lock()
	if h.tunnels == nil {
		h.tunnels = map[string]*yamux.Session{}
	}
	old := h.tunnels[machine]
	h.tunnels[machine] = session
	h.mu.Unlock()
	if old != nil {
		_ = old.Close()
	}
}

// forget removes a tunnel, unless a newer one has taken its place.
func (h *Hub) forget(machine string, session *yamux.Session) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tunnels[machine] != session {
		return false
	}
	delete(h.tunnels, machine)
	return true
}

// Close ends all tunnels. Agents dial again, to whoever is there then.
func (h *Hub) Close() {
	h.mu.Lock()
	sessions := make([]*yamux.Session, 0, len(h.tunnels))
	for _, s := range h.tunnels {
		sessions = append(sessions, s)
	}
	h.mu.Unlock()
	for _, s := range sessions {
		_ = s.Close()
	}
}

// Connected is how many tunnels are up.
func (h *Hub) Connected() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.tunnels)
}

// dial opens a stream to a machine's agent.
func (h *Hub) dial(machine string) (net.Conn, error) {
	h.mu.Lock()
	session := h.tunnels[machine]
	h.mu.Unlock()
	if session == nil {
		return nil, api.Problemf(api.Unavailable, "The machine is not connected", "Its agent keeps no tunnel to this allocator at the moment.")
	}
	stream, err := session.OpenStream()
	if err != nil {
		return nil, fmt.Errorf("open a stream to %s: %w", machine, err)
	}
	return stream, nil
}

// transport sends requests through a machine's tunnel, one stream for each.
func (h *Hub) transport(machine string) http.RoundTripper {
	return &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return h.dial(machine) },
		DisableKeepAlives: true,
	}
}

// Status asks a machine's agent how it is.
func (h *Hub) Status(ctx context.Context, machine string) (api.Status, error) {
	var status api.Status
	ctx, cancel := context.WithTimeout(ctx, statusTimeout)
	defer cancel()
	return status, h.ask(ctx, machine, http.MethodGet, "/status", nil, &status)
}
