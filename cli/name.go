package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/edge"
)

// dialTimeout bounds how long a name, or a connection, may take.
const dialTimeout = 10 * time.Second

// name looks where the stack's name leads, and whether that is where it should.
func (v *verdict) name(ctx context.Context, g *Globals, asked string, w expected) {
	host := cmp.Or(w.Host, asked)
	if isAddress(host) {
		v.good("name", "there is none: people reach the address %s", host)
		return
	}
	got, ok := v.resolve(ctx, g, host, w)
	switch {
	case !ok:
	case w.Host == "":
		v.good("name", "%s is %s", host, list(got))
	case w.proxied():
		v.throughEdge(got, w)
	default:
		v.leadsTo(ctx, g, got, w)
	}
}

// throughEdge looks whether Cloudflare answers for the name.
func (v *verdict) throughEdge(got []netip.Addr, w expected) {
	past := slices.DeleteFunc(slices.Clone(got), edge.Answers)
	switch {
	case len(past) == 0:
		v.good("name", "%s is %s: Cloudflare answers, in the place of %s", w.Host, list(got), w.Address)
	case slices.Contains(past, parse(w.Address)):
		v.wrong("name", fmt.Sprintf("%s is %s, the allocator's own address, where nobody but Cloudflare is let in", w.Host, list(past)),
			"let Cloudflare proxy the record: "+w.way())
	default:
		v.wrong("name", fmt.Sprintf("%s is %s, which is not Cloudflare's, and Cloudflare should answer in the place of %s", w.Host, list(past), w.Address), w.way())
	}
}

// leadsTo looks whether the name leads to the allocator's address, or to those of
// its load balancer.
func (v *verdict) leadsTo(ctx context.Context, g *Globals, got []netip.Addr, w expected) {
	want, what := []netip.Addr{parse(w.Address)}, "the allocator's address"
	if !isAddress(w.Address) {
		var ok bool
		if want, ok = v.resolve(ctx, g, w.Address, w); !ok {
			return
		}
		what = "what the load balancer " + w.Address + " is"
	}
	other := slices.DeleteFunc(slices.Clone(got), func(a netip.Addr) bool { return slices.Contains(want, a) })
	switch {
	case len(other) == 0:
		v.good("name", "%s is %s, %s", w.Host, list(got), what)
	case !slices.ContainsFunc(other, func(a netip.Addr) bool { return !edge.Answers(a) }):
		v.wrong("name", fmt.Sprintf("%s is %s, which is Cloudflare's, and should be %s, %s", w.Host, list(other), list(want), what),
			"at Cloudflare, set the record to DNS only: it is proxied, which tls.mode: cloudflare alone goes with")
	default:
		v.wrong("name", fmt.Sprintf("%s is %s, and should be %s, %s", w.Host, list(other), list(want), what), w.way())
	}
}

// way says how the right record comes to be.
func (w expected) way() string {
	const later = ". What was changed a moment ago is remembered for some minutes: look again, or wait with --wait 10m"
	if w.byHand() {
		return "make the record where the zone is: " + w.record() + later
	}
	return "a record that was changed by hand is taken back by pulumi up --refresh: " + w.record() + later
}

// resolve asks for the addresses of a name; not ok: why there are none is found.
func (v *verdict) resolve(ctx context.Context, g *Globals, host string, w expected) (out []netip.Addr, ok bool) {
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	out, err := g.Resolver.LookupNetIP(ctx, "ip", host)
	var said *net.DNSError
	switch {
	case err == nil:
		for i := range out {
			out[i] = out[i].Unmap()
		}
		slices.SortFunc(out, netip.Addr.Compare)
		return out, true
	case errors.As(err, &said) && said.IsNotFound && host == w.Host:
		v.wrong("name", fmt.Sprintf("there is no record of %s", host), w.way())
	case errors.As(err, &said) && said.IsNotFound:
		v.unknown("name", fmt.Sprintf("there is no record of %s", host), "look whether it is the right name, and for a load balancer whether it is still there: pulumi refresh --preview-only")
	case errors.Is(ctx.Err(), context.DeadlineExceeded), errors.As(err, &said) && said.IsTimeout:
		v.unknown("name", fmt.Sprintf("nobody says within %s what %s is: the resolver of this computer does not answer", dialTimeout, host), "look at this computer's network and its resolver, or look from another computer")
	default:
		v.unknown("name", fmt.Sprintf("what %s is cannot be told: %s", host, err), "look at this computer's resolver, and whether the zone is delegated to its provider")
	}
	return nil, false
}

func parse(address string) netip.Addr {
	a, _ := netip.ParseAddr(address) // the zero address is nobody's
	return a
}

func list(addresses []netip.Addr) string {
	var out []string
	for _, a := range addresses {
		out = append(out, a.String())
	}
	return strings.Join(out, ", ")
}
