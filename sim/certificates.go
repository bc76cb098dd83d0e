package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"github.com/talmolab/lablink-infrastructure/sim/authority"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// authorityName is the name under which machines reach the certificate
// authority of the simulated internet.
const authorityName = "acme.simulated"

// certificates is that authority. It validates over the simulated network: a
// name leads where the account's records say, and security groups decide.
type certificates struct {
	*authority.Authority
	names *authority.Names // what the simulated internet's names are
	roots string           // the file with what machines trust
	gates gates
}

func startCertificates(s *Sim) (*certificates, error) {
	c := &certificates{roots: filepath.Join(s.dir, "authority-roots.pem"), gates: gates{sim: s, at: map[string]string{}}}
	var err error
	if err := c.gates.hold(); err != nil {
		return nil, err
	}
	c.Authority, err = authority.Start(authority.Options{
		Lookup: c.gates.lookup, HTTPPort: c.gates.http, TLSPort: c.gates.tls, Name: authorityName,
	})
	if err != nil {
		c.gates.release()
		return nil, err
	}
	c.names, err = authority.ServeNames(func(name, kind string) ([]string, error) { return s.Account.Answer(name, kind), nil })
	if err != nil {
		c.Authority.Close()
		c.gates.release()
		return nil, err
	}
	return c, nil
}

// Close stops the authority and the names.
func (c *certificates) Close() {
	c.names.Close()
	c.Authority.Close()
	c.gates.release()
}

// trust writes down what machines trust: what was issued before this start, what is
// issued from now on, and ACM's certificates.
func (c *certificates) trust(amazon []byte) error {
	before, err := os.ReadFile(c.roots)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("read the authority's roots: %w", err)
	}
	if bytes.Contains(before, amazon) {
		amazon = nil
	}
	if err := os.WriteFile(c.roots, slices.Concat(before, c.Roots, amazon), 0o644); err != nil {
		return fmt.Errorf("keep the authority's roots: %w", err)
	}
	return nil
}

// environment is what machines know of the authority. On a real machine it is
// Let's Encrypt, which the system trusts.
func (c *certificates) environment() []string {
	return []string{"LABLINK_ACME_DIRECTORY=https://" + authorityName + authority.Path}
}

func (c *certificates) state() *control.Authority {
	return &control.Authority{Roots: c.roots, Orders: c.Orders()}
}

// gates are where the authority finds ports 80 and 443 of the account's public
// addresses: at two ports, the same for all, of addresses of loopback.
type gates struct {
	sim       *Sim
	http, tls int
	held      []net.Listener // which keep the two from other simulators

	mu sync.Mutex
	at map[string]string // by public address
}

// gateNetwork is the part of loopback that gates are at.
const gateNetwork = "127.77.0."

// holding is the address there at which each simulator holds its two ports, and no gate is.
const holding = gateNetwork + "255"

// hold finds the two ports. Nobody connects to where they are held.
func (g *gates) hold() error {
	for _, here := range []*int{&g.http, &g.tls} {
		l, err := net.Listen("tcp", holding+":0")
		if err != nil {
			g.release()
			return fmt.Errorf("find a port for the authority's questions: %w", err)
		}
		g.held, *here = append(g.held, l), port(l)
	}
	return nil
}

func (g *gates) release() {
	for _, l := range g.held {
		_ = l.Close()
	}
}

// lookup is the authority's DNS.
func (g *gates) lookup(name, kind string) ([]string, error) {
	values := g.sim.Account.Answer(name, kind)
	if kind != "A" {
		return values, nil
	}
	var out []string
	for _, address := range values {
		gate, err := g.gate(address)
		if err != nil {
			return nil, err
		}
		out = append(out, gate)
	}
	return out, nil
}

// gate is where a public address is found.
func (g *gates) gate(address string) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if known, ok := g.at[address]; ok {
		return known, nil
	}
	if len(g.at) == 254 {
		return "", errors.New("the simulated authority looks at 254 addresses at most")
	}
	gate := fmt.Sprint(gateNetwork, len(g.at)+1)
	for port, here := range map[int]int{80: g.http, 443: g.tls} {
		if err := g.sim.Machines.OpenDoor(fmt.Sprintf("%s:%d", gate, here), cloud.CertificateAuthority, address, port); err != nil {
			return "", err
		}
	}
	g.at[address] = gate
	return gate, nil
}
