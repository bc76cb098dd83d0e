package tunnel

import (
	"context"
	"fmt"
	"net"
	"net/http"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Transport reaches a machine's agent, through its tunnel or, where that is not here,
// elsewhere.
func (h *Hub) Transport(machine string) http.RoundTripper {
	if there := h.there(machine); there != nil {
		return there
	}
	here, _ := h.Local(machine)
	return here
}

// there reaches a machine's agent elsewhere, or is nil: its tunnel is here, or nobody
// else is asked.
func (h *Hub) there(machine string) http.RoundTripper {
	h.mu.Lock()
	_, here := h.tunnels[machine]
	h.mu.Unlock()
	if here || h.Elsewhere == nil {
		return nil
	}
	return h.Elsewhere(machine)
}

// Local reaches a machine's agent through a tunnel of this process, one stream for
// each request. ok reports whether there is one.
func (h *Hub) Local(machine string) (_ http.RoundTripper, ok bool) {
	h.mu.Lock()
	_, ok = h.tunnels[machine]
	h.mu.Unlock()
	return &http.Transport{
		DialContext:       func(context.Context, string, string) (net.Conn, error) { return h.dial(machine) },
		DisableKeepAlives: true, DisableCompression: true, MaxResponseHeaderBytes: maxWords,
	}, ok
}

// dial opens a stream to a machine's agent.
func (h *Hub) dial(machine string) (net.Conn, error) {
	h.mu.Lock()
	t := h.tunnels[machine]
	h.mu.Unlock()
	if t.Session == nil {
		return nil, allocator.NotConnected()
	}
	stream, err := t.OpenStream()
	if err != nil {
		return nil, fmt.Errorf("open a stream to %s: %w", machine, err)
	}
	return stream, nil
}
