package tunnel_test

import (
	"bufio"
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/tunnel"
)

// hijacking does something when a request becomes a tunnel, and sees when its connection
// is closed.
type hijacking struct {
	http.ResponseWriter
	first  func()
	closed *atomic.Bool
}

func (h hijacking) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	h.first()
	conn, rw, err := http.NewResponseController(h.ResponseWriter).Hijack()
	return closing{conn, h.closed}, rw, err
}

type closing struct {
	net.Conn
	closed *atomic.Bool
}

func (c closing) Close() error {
	c.closed.Store(true)
	return c.Conn.Close()
}

// endingHub is a hub that is about to take a tunnel.
func endingHub(t *testing.T, first func(*tunnel.Hub), changed func(up, closed bool)) (h *tunnel.Hub, agent *websocket.Conn) {
	t.Helper()
	var closed atomic.Bool
	h = &tunnel.Hub{Log: slog.New(slog.DiscardHandler), OnChange: func(_, _ string, up bool) { changed(up, closed.Load()) }}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.Serve(hijacking{w, func() { first(h) }, &closed}, r, "mch_1")
	}))
	t.Cleanup(server.Close)
	agent, _, err := websocket.Dial(t.Context(), server.URL, nil)
	require.NoError(t, err)
	t.Cleanup(func() { _ = agent.CloseNow() })
	return h, agent
}

func TestATunnelThatComesWhileTheAllocatorDrainsIsNotKept(t *testing.T) {
	for what, stop := range map[string]func(*tunnel.Hub){
		"drain": func(h *tunnel.Hub) { h.Drain(context.Background()) },
		"close": (*tunnel.Hub).Close,
	} {
		ups := make(chan struct{}, 1)
		ended := make(chan struct{})
		h, agent := endingHub(t, stop, func(up, _ bool) {
			if up {
				ups <- struct{}{}
			}
		})
		go func() {
			defer close(ended)
			for {
				if _, _, err := agent.Read(context.Background()); err != nil {
					return
				}
			}
		}()
		select {
		case <-ups:
			t.Fatal(what, ": it was taken")
		case <-ended:
		}
		require.Zero(t, h.Connected(), what)
	}
}

// Who is gone closes nothing, and the closing waits for them.
func TestThatATunnelHasEndedIsToldBeforeItsConnectionIsClosed(t *testing.T) {
	changes := make(chan bool, 2)
	h, agent := endingHub(t, func(*tunnel.Hub) {}, func(up, closed bool) {
		if up {
			closed = false
		}
		changes <- closed
	})
	require.False(t, <-changes)
	require.NoError(t, agent.Write(t.Context(), websocket.MessageBinary, []byte("this is no yamux frame")))
	require.False(t, <-changes, "the end is told while the connection is open still")
	require.Zero(t, h.Connected())
}
