package inject

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

// patience is how long one side of the socket waits for the other.
const patience = 5 * time.Second

// Socket is where an agent with its state in dir takes orders.
func Socket(dir string) string { return filepath.Join(dir, "inject.sock") }

// longest is how long a socket's path may be, in bytes (sun_path of unix(7), with its end).
const longest = 107

// door opens a folder, so that a socket in it has a short path, until it is closed.
func door(dir string) (string, func(), error) {
	path := Socket(dir)
	if len(path) <= longest {
		return path, func() {}, nil
	}
	folder, err := os.Open(dir)
	if err != nil {
		return "", nil, err
	}
	short := fmt.Sprintf("/proc/self/fd/%d/%s", folder.Fd(), filepath.Base(path))
	return short, func() { _ = folder.Close() }, nil
}

// Server takes orders from a socket.
type Server struct {
	listener net.Listener
	shut     func()
	apply    func(Order) error
	work     sync.WaitGroup
}

// Listen takes orders at Socket(dir) until Close. Apply does what they say, or says why
// not.
func Listen(dir string, apply func(Order) error) (*Server, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("make the agent's folder: %w", err)
	}
	path, shut, err := door(dir)
	if err != nil {
		return nil, fmt.Errorf("open the agent's folder: %w", err)
	}
	if answers(path) {
		shut()
		return nil, fmt.Errorf("another agent takes orders at %s: end it first, or give this one a folder of its own by --state-dir", Socket(dir))
	}
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) { // of an agent before
		return nil, fmt.Errorf("remove an old socket: %w", err)
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, fmt.Errorf("listen for faults to inject: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("close the socket to others: %w", err), l.Close())
	}
	s := &Server{listener: l, shut: shut, apply: apply}
	s.work.Go(s.serve)
	return s, nil
}

// answers reports whether somebody listens at a socket.
func answers(path string) bool {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	conn, err := (&net.Dialer{}).DialContext(ctx, "unix", path)
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// Close takes no more orders.
func (s *Server) Close() error {
	err := s.listener.Close()
	s.work.Wait()
	s.shut()
	return err
}

// serve takes one order after the other.
func (s *Server) serve() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return // it is closed
		}
		s.answer(conn)
	}
}

// reply is what became of an order.
type reply struct {
	Refused string `json:"refused,omitempty"`
}

func (s *Server) answer(conn net.Conn) {
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience)) // one that does not support it is not waited for either
	var o Order
	if err := json.NewDecoder(conn).Decode(&o); err != nil {
		return
	}
	var r reply
	if err := s.apply(o); err != nil {
		r.Refused = err.Error()
	}
	_ = json.NewEncoder(conn).Encode(r) // fails only when the other side is gone
}

// Send gives an order to the agent whose state is in dir.
func Send(ctx context.Context, dir string, o Order) error {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	path, shut, err := door(dir)
	var conn net.Conn
	if err == nil {
		defer shut()
		var d net.Dialer
		conn, err = d.DialContext(ctx, "unix", path)
	}
	switch {
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("the agent's folder %s is closed to you: inject as root", dir)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("no agent takes orders at %s: start it, or name its folder by --state-dir", Socket(dir))
	case err != nil:
		return fmt.Errorf("reach the agent: %w", err)
	}
	defer conn.Close()
	deadline, _ := ctx.Deadline()
	_ = conn.SetDeadline(deadline)
	var r reply
	if err := errors.Join(json.NewEncoder(conn).Encode(o), json.NewDecoder(conn).Decode(&r)); err != nil {
		return fmt.Errorf("the agent does not answer: %w", err)
	}
	if r.Refused != "" {
		return errors.New(r.Refused)
	}
	return nil
}
