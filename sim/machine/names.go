package machine

import (
	"cmp"
	"net/netip"
	"sync"
)

// names are a machine's DNS. Every name has an address of its own, by which the
// name is known again when the machine connects to it.
type names struct {
	mu      sync.Mutex
	address map[string]netip.Addr
	name    map[netip.Addr]string
}

// firstName is the address of the first name, in a network for benchmarks (RFC 2544)
// that is nowhere else.
var firstName = netip.MustParseAddr("198.18.0.1")

// lookup is the address of a name, in the form of an authority.Names. There are no
// other records.
func (n *names) lookup(name, kind string) ([]string, error) {
	if kind != "A" {
		return nil, nil
	}
	return []string{n.of(name).String()}, nil
}

// of is the address of a name.
func (n *names) of(name string) netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	if known, ok := n.address[name]; ok {
		return known
	}
	if n.address == nil {
		n.address, n.name = map[string]netip.Addr{}, map[netip.Addr]string{}
	}
	next := firstName
	for n.name[next] != "" {
		next = next.Next()
	}
	n.address[name], n.name[next] = next, name
	return next
}

// at is the name that has an address, or the address.
func (n *names) at(address string) string {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return address
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	return cmp.Or(n.name[addr], address)
}
