package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"syscall"
)

// Who connects over loopback is seen as 127.0.0.1, and a process without root
// cannot take another address. A local socket can have any name, and a service
// takes the name that its peer's socket has for the peer's address. So a port that
// only load balancers may reach, whose word on others' addresses a service
// believes, is a local socket, and who connects to it is named by the address in
// the simulated network.
//
// The name is that of a file in the process's working folder, for as long as the
// connection is made: a longer one, with a folder in it, would be no address.

// peerPorts number connections, as ports that nobody listens on.
var peerPorts atomic.Uint32

// dialAs connects to a listener of this computer, from an address of the simulated
// network.
func dialAs(ctx context.Context, from string, to net.Addr) (net.Conn, error) {
	var d net.Dialer
	if to.Network() != "unix" {
		return d.DialContext(ctx, to.Network(), to.String())
	}
	for range 100 {
		name := net.JoinHostPort(from, fmt.Sprint(32768+peerPorts.Add(1)%28232))
		d.LocalAddr = &net.UnixAddr{Name: name, Net: "unix"}
		conn, err := d.DialContext(ctx, "unix", to.String())
		if errors.Is(err, syscall.EADDRINUSE) {
			continue // another simulator works in the same folder
		}
		_ = os.Remove(name) // the socket keeps its name
		return conn, err
	}
	return nil, fmt.Errorf("no free name for a connection from %s", from)
}
