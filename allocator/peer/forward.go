package peer

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// dialTime is how long it may take to reach another allocator, in the same network.
const dialTime = 2 * time.Second

// Holders knows who holds a machine's tunnel; allocator.Peers is one.
type Holders interface {
	HolderOf(ctx context.Context, machine string) (allocator.Peer, error)
}

// Forward reaches machines whose tunnels other allocators hold.
type Forward struct {
	// Identity is this allocator. Required.
	Identity *Identity
	// Holders knows which allocator that is. Required.
	Holders Holders
	// Proxy is what a connection goes through, as http.Transport has it. Optional.
	Proxy func(*http.Request) (*url.URL, error)

	mu    sync.Mutex
	ways  map[allocator.Peer]*http.Transport
	ended bool
}

// Transport reaches a machine's agent by the allocator that holds its tunnel.
func (f *Forward) Transport(machine string) http.RoundTripper { return forwarded{f, machine} }

// forwarded is the way to one machine.
type forwarded struct {
	*Forward
	machine string
}

// RoundTrip sends a request to the allocator that holds the tunnel now. Unavailable
// where none does, or where that one does not answer.
func (f forwarded) RoundTrip(r *http.Request) (*http.Response, error) {
	holder, err := f.Holders.HolderOf(r.Context(), f.machine)
	if api.CodeOf(err) == api.NotFound || err == nil && holder.ID == f.Identity.ID { // it was here until now
		err = allocator.NotConnected()
	}
	if err != nil {
		closeBody(r)
		return nil, err
	}
	out := r.Clone(r.Context())
	out.URL.Scheme, out.URL.Host, out.Host = "https", holder.Address, holder.Address
	out.URL = under(out.URL, machinesPath+f.machine)
	res, err := f.way(holder).RoundTrip(out)
	if err != nil {
		return nil, fmt.Errorf("%w (forward to allocator %s at %s: %w)", unreachable(), holder.ID, holder.Address, err)
	}
	if res.Header.Get(notHere) != "" { // its tunnel went meanwhile
		_ = res.Body.Close()
		return nil, allocator.NotConnected()
	}
	return res, nil
}

// under is a URL below a path. A path that was escaped stays as it was.
func under(u *url.URL, path string) *url.URL {
	out := *u
	out.Path = path + "/" + strings.TrimPrefix(u.Path, "/")
	if u.RawPath != "" {
		out.RawPath = path + "/" + strings.TrimPrefix(u.RawPath, "/")
	}
	return &out
}

func unreachable() *api.Problem {
	p := allocator.NotConnected()
	p.Title, p.Detail = "The machine cannot be reached at the moment", "The allocator that keeps its tunnel does not answer. The machine opens another one by itself; try again in a few seconds."
	return p
}

func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// way is the connections to another allocator, which must have the certificate that
// is known of it.
func (f *Forward) way(to allocator.Peer) *http.Transport {
	f.mu.Lock()
	defer f.mu.Unlock()
	if way := f.ways[to]; way != nil {
		return way
	}
	way := &http.Transport{
		Proxy: f.Proxy, DialContext: (&net.Dialer{Timeout: dialTime}).DialContext, TLSHandshakeTimeout: dialTime,
		TLSClientConfig:    f.Identity.config(func(sum [32]byte) bool { return sum == to.Certificate }),
		DisableCompression: true, IdleConnTimeout: 30 * time.Second, MaxIdleConnsPerHost: 16,
	}
	if !f.ended {
		if f.ways == nil {
			f.ways = map[allocator.Peer]*http.Transport{}
		}
		f.ways[to] = way
	}
	return way
}

// Keep closes the ways to allocators that are not there any more.
func (f *Forward) Keep(there []allocator.Peer) {
	known := make(map[allocator.Peer]bool, len(there))
	for _, p := range there {
		known[p] = true
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for p, way := range f.ways {
		if !known[p] {
			way.CloseIdleConnections()
			delete(f.ways, p)
		}
	}
}

// Close closes the ways that nobody uses.
func (f *Forward) Close() {
	f.Keep(nil)
	f.mu.Lock()
	f.ended = true
	f.mu.Unlock()
}
