package machine

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/authority"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
)

const (
	// metadataAddress is where instance metadata answers, as on EC2.
	metadataAddress = "169.254.169.254"
	// resolverAddress is where Amazon's resolver answers.
	resolverAddress = "169.254.169.253"
	// awsDomain is the domain of the AWS API.
	awsDomain = ".amazonaws.com"
)

// cablePorts are the ports of others that a machine reaches.
var cablePorts = []int{80, 443, 5432, 8443}

// serveCable answers what comes by the machine's cable: metadata, names and the AWS
// API here, all else where routes and security groups let it pass. The returned
// function ends that.
func (c *container) serveCable(network *nspawn.Network) (end func(), err error) {
	certificate, err := c.host.account.ServiceTLS()
	if err != nil {
		return nil, err
	}
	var serving sync.WaitGroup
	var closers []func() error
	end = func() {
		for _, f := range closers {
			_ = f() // it was open
		}
		serving.Wait()
	}
	metadata, api := newHandover(), newHandover()
	for l, handler := range map[net.Listener]http.HandlerFunc{metadata: c.metadata, tls.NewListener(api, certificate): c.aws} {
		server := &http.Server{Handler: handler, ReadHeaderTimeout: 30 * time.Second}
		closers = append(closers, server.Close)
		serving.Go(func() {
			if err := server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
				c.log.Error("serve a machine's cable", "error", err)
			}
		})
	}
	for _, port := range cablePorts {
		l, err := network.Listen(port)
		if err != nil {
			end()
			return nil, fmt.Errorf("serve a machine's cable: %w", err)
		}
		closers = append(closers, l.Close)
		serving.Go(func() { c.accept(l, metadata, api) })
	}
	packets, err := network.ListenPacket(53)
	if err != nil {
		end()
		return nil, fmt.Errorf("serve a machine's resolver: %w", err)
	}
	resolver := authority.ServePackets(packets, c.names.lookup)
	closers = append(closers, func() error { resolver.Close(); return nil })
	return end, nil
}

// accept takes the connections that the machine opens.
func (c *container) accept(l net.Listener, metadata, api *handover) {
	for {
		in, err := l.Accept()
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				c.log.Error("take what comes by a machine's cable", "error", err)
			}
			return
		}
		to := in.LocalAddr().(*net.TCPAddr)
		name := c.names.at(to.IP.String())
		switch {
		case name == metadataAddress && to.Port == 80:
			err = metadata.give(c.ctx, in)
		case strings.HasSuffix(name, awsDomain) && to.Port == 443 && name != trustStoreName && c.host.account.BalancerNamed(name) == "":
			err = api.give(c.ctx, in)
		default:
			go c.carry(in, name, to.Port)
		}
		if err != nil {
			_ = in.Close() // the machine is off
		}
	}
}

// carry carries a connection to where it is for. One that may not pass is closed.
func (c *container) carry(in net.Conn, name string, port int) {
	defer in.Close()
	out, err := c.host.dial(c.ctx, cloud.Peer{Instance: c.instance.ID}, name, port)
	if err != nil {
		c.log.Debug("a connection was not let out", "to", name, "port", port, "error", err)
		return
	}
	stop := context.AfterFunc(c.ctx, func() { _ = out.Close() })
	defer stop()
	join(in, out)
}
