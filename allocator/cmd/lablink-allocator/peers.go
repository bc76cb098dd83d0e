package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/feature/ec2/imds"

	"github.com/talmolab/lablink-infrastructure/allocator/peer"
)

const (
	// peerPort is where the allocators of a deployment reach each other; see
	// host.PeerPort in infra/host, which lets them.
	peerPort = 8443
	// peersVariable names another place to listen for them: that of a simulated
	// machine, which has no ports of its own.
	peersVariable = "LABLINK_PEERS"
	// moveTime is how long agents may take to open tunnels elsewhere, when the
	// allocator stops.
	moveTime = 5 * time.Second
	// moveTick is how often is looked whether they have.
	moveTick = 200 * time.Millisecond
)

// peers is what the allocator has to do with others of its deployment.
type peers struct {
	keeper   *peer.Keeper
	forward  *peer.Forward
	server   *http.Server // nil where there can be no others
	listener net.Listener
	draining atomic.Bool
}

// openPeers tells the others that this allocator is there, and on which side each of
// them can reach it.
func (a *app) openPeers(ctx context.Context) error {
	address, shared := "", a.login != nil
	if shared {
		l, err := listenForPeers(cmp.Or(a.listenPeers, os.Getenv(peersVariable), ":"+strconv.Itoa(peerPort)))
		if err != nil {
			return err
		}
		a.peers.listener = l
		if address, err = a.peerAddress(ctx, l); err != nil {
			return err
		}
	}
	identity, err := peer.NewIdentity(address, time.Now())
	if err != nil {
		return err
	}
	identity.Peer.Release = a.release
	a.peers.keeper = &peer.Keeper{Self: identity.Peer, Store: a.store, Tunnels: a.hub, Log: a.log}
	if shared {
		a.peers.forward = &peer.Forward{Identity: identity, Holders: a.store, Proxy: http.ProxyFromEnvironment}
		a.peers.keeper.Heard, a.hub.Elsewhere = a.peers.forward.Keep, a.peers.forward.Transport
		a.peers.server = (&peer.Server{Identity: identity, Knows: a.peers.keeper.Knows, Local: a.hub.Local, Log: a.log}).HTTP()
	}
	return a.peers.keeper.Begin(ctx)
}

// listenForPeers listens at an address, or at the name of a local socket.
func listenForPeers(at string) (net.Listener, error) {
	network := "tcp"
	if strings.HasPrefix(at, "@") {
		network = "unix"
	}
	l, err := net.Listen(network, at)
	if err != nil {
		return nil, fmt.Errorf("listen for other allocators: %w", err)
	}
	return l, nil
}

// peerAddress is where others reach a listener: at its own address, or at that of
// this instance.
func (a *app) peerAddress(ctx context.Context, l net.Listener) (string, error) {
	if at, ok := l.Addr().(*net.TCPAddr); ok && !at.IP.IsUnspecified() {
		return at.String(), nil
	}
	out, err := imds.NewFromConfig(a.cloud).GetMetadata(ctx, &imds.GetMetadataInput{Path: "local-ipv4"})
	if err != nil {
		return "", fmt.Errorf("ask instance metadata for this host's address: %w", err)
	}
	defer out.Content.Close()
	ip, err := io.ReadAll(io.LimitReader(out.Content, 64))
	if err != nil {
		return "", fmt.Errorf("read this host's address: %w", err)
	}
	return net.JoinHostPort(strings.TrimSpace(string(ip)), strconv.Itoa(peerPort)), nil
}

// servePeers answers the others until ctx ends, and shows them that this allocator is
// there.
func (a *app) servePeers(ctx context.Context, failed chan<- error) {
	interval := peer.Interval
	if a.peers.server == nil { // there is nobody to show it to
		interval = watchInterval
	} else {
		go func() {
			if err := peer.Serve(a.peers.server, a.peers.listener); err != nil {
				failed <- fmt.Errorf("serve other allocators: %w", err)
			}
		}()
	}
	ticks := time.NewTicker(interval)
	context.AfterFunc(ctx, ticks.Stop)
	go a.peers.keeper.Watch(ctx, ticks.C)
}

// errDraining is why an allocator that is about to stop is not ready.
var errDraining = errors.New("this allocator is about to stop: agents are opening their tunnels elsewhere")

// drained says that an allocator is ready to be asked, until it is about to stop.
func (a *app) drained(context.Context) error {
	if a.peers.draining.Load() {
		return errDraining
	}
	return nil
}

// drain lets others take over, where there are some, before the allocator stops: it is
// not ready any more, and serves on until each agent has a tunnel elsewhere.
func (a *app) drain() {
	if a.peers.server == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.Background(), moveTime)
	defer cancel()
	if err := a.peers.keeper.Look(ctx); err != nil || !a.peers.keeper.Others() {
		return // nobody is there to take over
	}
	a.peers.draining.Store(true)
	a.hub.Drain(ctx)
	tick := time.NewTicker(moveTick)
	defer tick.Stop()
	for a.hub.Connected() > 0 {
		select {
		case <-ctx.Done():
			a.log.Warn("agents did not open tunnels elsewhere in time", "agents", a.hub.Connected())
			return
		case <-tick.C:
		}
		if err := a.peers.keeper.Look(ctx); err != nil { // which ends tunnels that have moved
			a.log.Warn("it is not known which tunnels have moved", "error", err)
		}
	}
}

// closePeers tells the others that this allocator is gone.
func (a *app) closePeers(ctx context.Context) error {
	var errs []error
	if a.peers.server != nil {
		errs = append(errs, a.peers.server.Close())
		a.peers.forward.Close()
	}
	if a.peers.listener != nil {
		_ = a.peers.listener.Close() // which the server has done, where it served
	}
	if a.peers.keeper != nil {
		errs = append(errs, a.peers.keeper.End(ctx))
	}
	return errors.Join(errs...)
}
