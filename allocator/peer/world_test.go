package peer_test

import (
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent"
	agenttunnel "github.com/talmolab/lablink-infrastructure/agent/tunnel"
	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/peer"
	"github.com/talmolab/lablink-infrastructure/allocator/storetest"
	"github.com/talmolab/lablink-infrastructure/allocator/tunnel"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// wait is how long something may take that is a matter of moments.
const wait, tick = 30 * time.Second, 10 * time.Millisecond

// world is a store that allocators share, with machines that are ready. It is in memory
// where it can be: who says nothing for ten seconds, as where a disk takes them, is gone.
type world struct {
	allocator.Store
	machines []string
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{Store: allocatortest.New(t).Store}
	_, machines := storetest.Ready(t, w, 2)
	for _, m := range machines {
		w.machines = append(w.machines, m.ID)
	}
	return w
}

// one is an allocator: its tunnels, and what it has to do with others.
type one struct {
	*tunnel.Hub
	*peer.Keeper
	identity *peer.Identity
	forward  *peer.Forward
	server   *http.Server
	agents   *httptest.Server // where agents bring tunnels
}

func (w *world) allocator(t *testing.T) *one {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	o, quiet := &one{}, slog.New(slog.DiscardHandler)
	o.identity, err = peer.NewIdentity(l.Addr().String(), time.Now())
	require.NoError(t, err)
	o.forward = &peer.Forward{Identity: o.identity, Holders: w.Store}
	o.Hub = &tunnel.Hub{Log: quiet, Elsewhere: o.forward.Transport, OnChange: func(m, id string, up bool) { o.Changed(m, id, up) }}
	o.Keeper = &peer.Keeper{Self: o.identity.Peer, Store: w.Store, Tunnels: o.Hub, Heard: o.forward.Keep, Log: quiet}
	o.server = (&peer.Server{Identity: o.identity, Knows: o.Knows, Local: o.Local, Log: quiet}).HTTP()
	require.NoError(t, o.Begin(t.Context()))
	served := make(chan error, 1)
	go func() { served <- peer.Serve(o.server, l) }()
	o.agents = httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		o.Serve(rw, r, r.Header.Get("Machine"))
	}))
	t.Cleanup(func() {
		o.stop()
		require.NoError(t, <-served)
		o.agents.Close()
		http.DefaultClient.CloseIdleConnections()
	})
	return o
}

// stop ends an allocator as if its computer were gone: it tells nobody.
func (o *one) stop() {
	o.Hub.Close()
	_ = o.server.Close()
	o.forward.Close()
}

// machine names a machine in the requests of its agent.
type machine struct{ id string }

func (m machine) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Machine", m.id)
	return http.DefaultTransport.RoundTrip(r)
}

// dial opens a machine's tunnel to an allocator as its agent does, and waits until
// that is written down. The returned function ends it.
func (w *world) dial(t *testing.T, to *one, id string, h http.Handler) (_ agent.Tunnel, hangUp func()) {
	t.Helper()
	d := &agenttunnel.Dialer{URL: to.agents.URL, HTTP: &http.Client{Transport: machine{id}}, Handler: h, Log: slog.New(slog.DiscardHandler)}
	opened, err := d.Dial(t.Context(), agent.Identity{AgentID: id, Secret: "secret"})
	require.NoError(t, err)
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = opened.Serve(ctx)
	}()
	hangUp = func() { cancel(); <-done }
	t.Cleanup(hangUp)
	w.heldBy(t, id, to)
	return opened, hangUp
}

func (w *world) heldBy(t *testing.T, machine string, by *one) {
	t.Helper()
	require.Eventually(t, func() bool {
		holder, err := w.HolderOf(t.Context(), machine)
		return err == nil && holder.ID == by.Self.ID && by.Hub.Tunnels()[machine] != "" && peer.Settled(by.Keeper, machine)
	}, wait, tick)
}

// desktop answers as an agent: how it is, what it was asked, and by a stream that
// says everything twice.
func desktop(health api.Health) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, `{"health": "`+string(health)+`"}`)
	})
	mux.HandleFunc("/desktop/stream", func(w http.ResponseWriter, r *http.Request) {
		ws, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		defer ws.CloseNow()
		ws.SetReadLimit(-1)
		for {
			kind, said, err := ws.Read(r.Context())
			if err != nil || ws.Write(r.Context(), kind, append(said, said...)) != nil {
				return
			}
		}
	})
	mux.HandleFunc("/desktop/", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Said", r.Header.Get("Lablink-View"))
		_, _ = io.WriteString(w, r.Method+" "+r.URL.RequestURI())
	})
	return mux
}
