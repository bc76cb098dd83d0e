package nspawn

import (
	"context"
	"fmt"
	"net"
	"os"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// Network is the other end of a machine's cable.
type Network struct{ namespace *os.File }

// NetworkOf is that of the machine that runs in a process of Command.
func NetworkOf(pid int) (*Network, error) {
	f, err := os.Open(fmt.Sprintf("/proc/%d/ns/net", pid))
	if err != nil {
		return nil, fmt.Errorf("find the machine's network: %w", err)
	}
	return &Network{f}, nil
}

// Close lets go of the network. What was opened in it stays.
func (n *Network) Close() error { return n.namespace.Close() }

// within runs f in the network. What is opened there is of it for good.
func (n *Network) within(f func() error) error {
	done := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked, so that the thread ends with this function
		if err := unix.Setns(int(n.namespace.Fd()), unix.CLONE_NEWNET); err != nil {
			done <- fmt.Errorf("enter the machine's network: %w", err)
			return
		}
		done <- f()
	}()
	return <-done
}

// Listen takes what the machine opens to a port of any address. The local address
// of a connection is the one that it asked for.
func (n *Network) Listen(port int) (l net.Listener, err error) {
	err = n.within(func() (err error) {
		l, err = net.Listen("tcp4", fmt.Sprintf(":%d", port))
		return err
	})
	return l, err
}

// ListenPacket takes what the machine sends to a port of any address.
func (n *Network) ListenPacket(port int) (c net.PacketConn, err error) {
	err = n.within(func() (err error) {
		c, err = net.ListenPacket("udp4", fmt.Sprintf(":%d", port))
		return err
	})
	return c, err
}

// Dial connects to the machine, which sees that it comes from an address.
func (n *Network) Dial(ctx context.Context, from, to string) (c net.Conn, err error) {
	d := net.Dialer{
		LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)},
		Control: func(_, _ string, raw syscall.RawConn) error { // the address need not be one of the network's own
			var failed error
			err := raw.Control(func(fd uintptr) {
				failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_FREEBIND, 1)
			})
			if err != nil {
				return err
			}
			return failed
		},
	}
	err = n.within(func() (err error) {
		c, err = d.DialContext(ctx, "tcp4", to)
		return err
	})
	return c, err
}
