package launcher

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// portFile is where make up writes down at which port it opened the page, so that it
// and make env mean the same one in shells without LABLINK_PORT.
func (w *Workspace) portFile() string { return w.own("port") }

// port is that port, or the one that is taken first.
func (w *Workspace) port() string {
	raw, err := os.ReadFile(w.portFile())
	if port := strings.TrimSpace(string(raw)); err == nil && port != "" {
		return port
	}
	return "8080"
}

// openDoor makes the allocator reachable at the door, and remembers which that is.
func (w *Workspace) openDoor(ctx context.Context, account *control.Client, address string) error {
	if err := account.OpenDoor(ctx, control.Door{Listen: w.Door, Address: address, Port: 80}); err != nil {
		return fmt.Errorf("make the allocator reachable: %w", err)
	}
	_, port, err := net.SplitHostPort(w.Door)
	if err != nil {
		return fmt.Errorf("read the port of %s: %w", w.Door, err)
	}
	if err := os.WriteFile(w.portFile(), []byte(port+"\n"), 0o644); err != nil {
		return fmt.Errorf("write down the port of the page: %w", err)
	}
	return nil
}

// opened reports whether a simulator has this workspace's door open.
func (w *Workspace) opened(s control.State) bool {
	return slices.ContainsFunc(s.Doors, func(d control.Door) bool { return d.Listen == w.Door })
}

// page is where the allocator is reached; "" where no make up has opened that, as a
// password is not for whoever else is there.
func (w *Workspace) page(s control.State) string {
	if !w.opened(s) {
		return ""
	}
	return "http://" + w.Door
}

// checkDoor refuses early when somebody else has the port. What a simulator of
// this workspace that is gone has left behind is not somebody else.
func (w *Workspace) checkDoor(ctx context.Context) error {
	if s, ok := w.Running(ctx); !ok {
		w.endLeftovers()
	} else if w.opened(s) {
		return nil
	}
	l, err := net.Listen("tcp", w.Door)
	if err != nil && !errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("the page would be at http://%s, but nothing can listen there (%w): choose another port with LABLINK_PORT=8090 make up", w.Door, err)
	}
	if err != nil {
		return fmt.Errorf("the page would be at http://%s, but that port is taken (%w): stop what uses it, or choose another one with LABLINK_PORT=8090 make up", w.Door, err)
	}
	return l.Close()
}
