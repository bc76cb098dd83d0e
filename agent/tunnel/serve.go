package tunnel

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/coder/websocket"
	"github.com/hashicorp/yamux"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/frames"
)

const (
	// keepAlive is the time between two pings. It is shorter than the idle
	// time-out of the proxies and load balancers that a tunnel may pass.
	keepAlive = 25 * time.Second
	// patience is how long the other side may take to answer a ping, or to
	// take what was written.
	patience = 20 * time.Second
	// headerTimeout bounds how long a request's headers may take to arrive.
	headerTimeout = 20 * time.Second
	// farewell bounds how long requests that were cut may take to notice.
	farewell = 5 * time.Second
)

// tunnel is agent.Tunnel.
type tunnel struct {
	ws      *websocket.Conn
	handler http.Handler
	log     *slog.Logger

	moving chan struct{} // closed once
	moved  sync.Once
}

// Moving is closed when the allocator asks for another tunnel.
func (t *tunnel) Moving() <-chan struct{} { return t.moving }

// ServeHTTP answers a request of the allocator: what concerns the tunnel itself, and
// all else by the agent's handler.
func (t *tunnel) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPost && r.URL.Path == api.MovePath {
		t.moved.Do(func() { close(t.moving) })
		w.WriteHeader(http.StatusNoContent)
		return
	}
	t.handler.ServeHTTP(w, r)
}

// Serve answers the allocator until the tunnel breaks or ctx ends.
func (t *tunnel) Serve(ctx context.Context) error {
	defer t.ws.CloseNow() // closed already, as a rule
	// NetConn lifts the limit on a message's size; yamux bounds its frames. The
	// end of ctx breaks it, and with it all that follows.
	conn := frames.Conn(websocket.NetConn(ctx, t.ws, websocket.MessageBinary))
	session, err := yamux.Server(conn, t.config())
	if err != nil {
		return fmt.Errorf("begin the tunnel: %w", err)
	}
	server := &http.Server{
		Handler:           t,
		ReadHeaderTimeout: headerTimeout,
		ErrorLog:          slog.NewLogLogger(t.log.Handler(), slog.LevelDebug),
	}
	err = server.Serve(session) // returns when the session does not accept any more
	t.shut(server)
	return fmt.Errorf("the tunnel broke: %w", err)
}

// shut closes the session, which is the server's listener, and waits until the
// requests that were going on have noticed.
func (t *tunnel) shut(server *http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), farewell)
	defer cancel()
	if err := server.Shutdown(ctx); errors.Is(err, context.DeadlineExceeded) {
		t.log.Warn("requests go on after their tunnel ended")
	}
}

func (t *tunnel) config() *yamux.Config {
	c := yamux.DefaultConfig()
	c.KeepAliveInterval = keepAlive
	c.ConnectionWriteTimeout = patience
	c.LogOutput = nil
	c.Logger = slog.NewLogLogger(t.log.Handler(), slog.LevelDebug)
	return c
}
