package machine

import (
	"context"
	"fmt"
	"net"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"
)

// socket is a .socket unit: listeners that outlive the service they are for.
// A port of the machine stands for a free port of this computer's loopback, or for
// a local socket where peers must be told apart.
type socket struct {
	ports []int
	files []*os.File
	addrs []net.Addr
}

// listen opens what a socket unit names, unless it is open already.
func (s *Supervisor) listen(u *unitFile) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets[u.name] != nil || s.closed {
		return nil
	}
	k := &socket{}
	for _, stream := range u.list("Socket.ListenStream") {
		port, err := strconv.Atoi(stream)
		if err != nil {
			k.close()
			return fmt.Errorf("unit %s: the simulator wants a port in ListenStream=, not %q", u.name, stream)
		}
		f, addr, err := s.listenOn(port)
		if err != nil {
			k.close()
			return fmt.Errorf("unit %s: %w", u.name, err)
		}
		k.ports, k.files, k.addrs = append(k.ports, port), append(k.files, f), append(k.addrs, addr)
	}
	s.sockets[u.name] = k
	return nil
}

// listenOn opens what stands for a port. The file keeps it open.
func (s *Supervisor) listenOn(port int) (*os.File, net.Addr, error) {
	network, address := "tcp", "127.0.0.1:0"
	if s.named(port) {
		network, address = "unix", fmt.Sprintf("@%s-%d-%d", s.name, port, time.Now().UnixNano())
	}
	l, err := net.Listen(network, address)
	if err != nil {
		return nil, nil, err
	}
	defer l.Close()
	f, err := l.(interface{ File() (*os.File, error) }).File()
	return f, l.Addr(), err
}

// renew opens those ports anew that others may reach now than when they were opened.
func (s *Supervisor) renew(k *socket) error {
	for i, port := range k.ports {
		if s.named(port) == (k.addrs[i].Network() == "unix") {
			continue
		}
		f, addr, err := s.listenOn(port)
		if err != nil {
			return fmt.Errorf("open port %d anew: %w", port, err)
		}
		_ = k.files[i].Close()
		k.files[i], k.addrs[i] = f, addr
	}
	return nil
}

func (k *socket) close() {
	for _, f := range k.files {
		_ = f.Close()
	}
}

// Port is where on this computer a port of the machine is listened on.
func (s *Supervisor) Port(port int) (net.Addr, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.sockets {
		for i, p := range k.ports {
			if p == port {
				return k.addrs[i], true
			}
		}
	}
	if port == peersPort {
		return &net.UnixAddr{Name: s.peers(), Net: "unix"}, true
	}
	return nil, false
}

// peersPort is where allocators listen for each other, without systemd.
const peersPort = 8443

// peers is the local socket that stands for that port.
func (s *Supervisor) peers() string { return fmt.Sprintf("@%s-peers", s.name) }

// filesFor are the listeners that a service inherits.
func (s *Supervisor) filesFor(service string) ([]*os.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	k := s.sockets[strings.TrimSuffix(service, ".service")+".socket"]
	if k == nil {
		return nil, nil
	}
	if err := s.renew(k); err != nil {
		return nil, err
	}
	return slices.Clone(k.files), nil
}

// tick runs a timer unit: its service some time after the machine booted, and
// again some time after it ended.
func (s *Supervisor) tick(u *unitFile) error {
	first, err := u.duration("Timer.OnBootSec", 0)
	if err != nil {
		return err
	}
	again, err := u.duration("Timer.OnUnitInactiveSec", 0)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s.mu.Lock()
	if s.timers[u.name] != nil || s.closed {
		s.mu.Unlock()
		cancel()
		return nil
	}
	s.timers[u.name] = cancel
	s.mu.Unlock()
	name := strings.TrimSuffix(u.name, ".timer") + ".service"
	s.running.Go(func() {
		for wait := first; ; wait = again {
			select {
			case <-ctx.Done():
				return
			case <-time.After(wait):
			}
			if err := s.start(ctx, name); err != nil && ctx.Err() == nil {
				s.log.Warn("a timer's service failed", "unit", name, "error", err)
			}
			if again == 0 {
				return
			}
		}
	})
	return nil
}
