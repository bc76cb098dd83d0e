package web

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// proxies are those who connect in the place of others, and the header in which
// they name whom.
type proxies struct {
	ranges []netip.Prefix
	header string
}

func newProxies(ranges []string, header string) (proxies, error) {
	p := proxies{header: header}
	for _, r := range ranges {
		prefix, err := netip.ParsePrefix(r)
		if err != nil {
			return p, fmt.Errorf("read the ranges of trusted proxies: %w", err)
		}
		p.ranges = append(p.ranges, prefix)
	}
	return p, nil
}

func (p proxies) hold(address netip.Addr) bool {
	return slices.ContainsFunc(p.ranges, func(r netip.Prefix) bool { return r.Contains(address) })
}

// uncover gives a request that comes through a proxy the address of whom it is
// from, so that limits count people and not proxies. What a proxy passes on it
// adds at the end, so the last address that is no proxy's is the one to believe.
// From anybody else the header is not read.
func (p proxies) uncover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddr(remote(r))
		if err == nil && p.header != "" && p.hold(peer.Unmap()) {
			if from, ok := p.last(r.Header.Values(p.header)); ok {
				r.RemoteAddr = net.JoinHostPort(from.String(), "0")
			}
		}
		next.ServeHTTP(w, r)
	})
}

// secure lets through what a load balancer took over TLS, and sends everybody else
// there. Whether it did is asked of those who connect in the place of others only:
// from anybody else the header counts for nothing. Load balancers themselves ask
// without TLS whether the allocator is ready.
func (p proxies) secure(domain string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		peer, err := netip.ParseAddr(remote(r))
		over := err == nil && p.hold(peer.Unmap()) && r.Header.Get("X-Forwarded-Proto") == "https"
		if !over && r.URL.Path != "/readyz" && r.URL.Path != "/healthz" {
			http.Redirect(w, r, "https://"+domain+r.URL.RequestURI(), http.StatusPermanentRedirect) //nolint:gosec // to our own name
			return
		}
		next.ServeHTTP(w, r)
	})
}

func (p proxies) last(values []string) (from netip.Addr, ok bool) {
	named := strings.Split(strings.Join(values, ","), ",")
	for _, text := range slices.Backward(named) {
		address, err := netip.ParseAddr(strings.TrimSpace(text))
		if err != nil {
			return from, ok
		}
		from, ok = address.Unmap(), true
		if !p.hold(from) {
			return from, true
		}
	}
	return from, ok
}
