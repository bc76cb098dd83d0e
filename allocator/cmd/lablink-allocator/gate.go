package main

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"sync"
	"time"
)

// gate is a listener that can be shut before it is closed. Who comes then waits in the
// kernel for whoever listens next on the same socket, and who is in already is answered: a
// server that is told to end drops connections whose first request it has not read.
type gate struct {
	net.Listener
	newcomers *newcomers
	shut      chan struct{} // nobody is let in any more
	seen      chan struct{} // and who accepts connections knows it
	closed    chan struct{}
	closing   sync.Once
}

func newGate(l net.Listener, n *newcomers) *gate {
	return &gate{Listener: l, newcomers: n, shut: make(chan struct{}), seen: make(chan struct{}), closed: make(chan struct{})}
}

// Accept lets one in. At a gate that is shut it waits until that is closed.
func (g *gate) Accept() (net.Conn, error) {
	c, err := g.Listener.Accept()
	if err == nil {
		g.newcomers.add(c)
		return c, nil
	}
	select {
	case <-g.shut:
		close(g.seen)
		<-g.closed
		return nil, net.ErrClosed
	default:
		return nil, err
	}
}

// Close closes the listener.
func (g *gate) Close() error {
	g.closing.Do(func() { close(g.closed) })
	return g.Listener.Close()
}

// hold shuts the gate.
func (g *gate) hold(ctx context.Context) {
	l, ok := g.Listener.(interface{ SetDeadline(at time.Time) error })
	if !ok {
		return
	}
	close(g.shut)
	if l.SetDeadline(time.Unix(0, 0)) != nil {
		return // it is closed
	}
	select {
	case <-g.seen:
	case <-g.closed:
	case <-ctx.Done():
	}
}

// newcomers are the connections of which nothing was read yet.
type newcomers struct {
	mu  sync.Mutex
	all map[net.Conn]struct{}
}

func (n *newcomers) add(c net.Conn) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.all == nil {
		n.all = map[net.Conn]struct{}{}
	}
	n.all[c] = struct{}{}
}

// became hears of the states of a server's connections.
func (n *newcomers) became(c net.Conn, state http.ConnState) {
	if state == http.StateNew {
		return
	}
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.all, c)
}

func (n *newcomers) count() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.all)
}

// wait returns when there is none, or ctx ends.
func (n *newcomers) wait(ctx context.Context) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for n.count() > 0 {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}
