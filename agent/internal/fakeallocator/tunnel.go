package fakeallocator

import (
	"context"
	"io"
	"net"
	"net/http"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"
)

// Tunnel is a tunnel that an agent opened.
type Tunnel struct {
	// HTTP reaches the agent, whatever host the URL names.
	HTTP *http.Client
	// UserAgent is what the agent called itself.
	UserAgent string

	session *yamux.Session
}

// Close breaks the tunnel.
func (t *Tunnel) Close() { _ = t.session.Close() }

// Closed is closed when the tunnel has broken.
func (t *Tunnel) Closed() <-chan struct{} { return t.session.CloseChan() }

func (a *Allocator) tunnel(w http.ResponseWriter, r *http.Request) {
	a.count(1)
	defer a.count(-1)
	if !a.admit(w, r) {
		return
	}
	ws, err := websocket.Accept(w, r, nil)
	if err != nil {
		return // the client was told
	}
	defer ws.CloseNow() // closed already, as a rule
	config := yamux.DefaultConfig()
	config.LogOutput = io.Discard
	// An agent on a busy computer may take nothing for a while.
	config.ConnectionWriteTimeout = time.Minute
	session, err := yamux.Client(websocket.NetConn(context.Background(), ws, websocket.MessageBinary), config) //nolint:contextcheck // it outlives the request
	if err != nil {
		return
	}
	transport := &http.Transport{
		DialContext: func(context.Context, string, string) (net.Conn, error) { return session.Open() },
	}
	defer transport.CloseIdleConnections()
	t := &Tunnel{HTTP: &http.Client{Transport: transport}, UserAgent: r.UserAgent(), session: session}
	a.hold(t, true)
	defer a.hold(t, false)
	a.tunnels <- t
	<-session.CloseChan()
}

func (a *Allocator) count(n int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.serving += n
	a.fewer.Broadcast()
}

func (a *Allocator) hold(t *Tunnel, open bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !open {
		delete(a.open, t)
		return
	}
	a.open[t] = true
	if a.closing {
		go t.Close()
	}
}
