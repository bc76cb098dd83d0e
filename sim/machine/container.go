package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/nspawn"
)

// container is a machine that boots a system of its own. Its user data, its units
// and its volumes are that system's business; what the account has is found at the
// other end of its cable.
type container struct {
	*Machine
	names names

	mu      sync.Mutex
	pid     int             // of its process, once the system in it runs
	network *nspawn.Network // likewise
	disks   map[string]disk // the volumes that it has
}

// boot powers the machine on, again each time that it reboots. It returns when the
// machine is off.
func (c *container) boot() error {
	defer c.booting.Done()
	if err := os.MkdirAll(c.host.folder(c.instance.ID), 0o700); err != nil {
		return fmt.Errorf("make the machine's folder: %w", err)
	}
	kind, err := c.kind()
	if err != nil {
		return err
	}
	console, err := os.OpenFile(c.consoleFile(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open the console: %w", err)
	}
	defer console.Close()
	for c.ctx.Err() == nil {
		files, err := c.files(kind)
		if err != nil {
			return err
		}
		devices, err := c.openDisks()
		if err != nil {
			return err
		}
		cmd, err := nspawn.Machine{
			Dir: c.host.folder(c.instance.ID), Base: c.host.opts.Base, Name: strings.ReplaceAll("ip."+c.instance.PrivateIP, ".", "-"),
			Address: c.instance.PrivateIP, Files: files, Devices: devices,
		}.Command()
		if err != nil {
			return err
		}
		cmd.Stdout, cmd.Stderr = console, console
		if err := c.run(cmd); err != nil {
			return err
		}
		if status := cmd.ProcessState.ExitCode(); status != nspawn.Again {
			return fmt.Errorf("the machine ended (exit status %d): see %s", status, console.Name())
		}
	}
	return c.ctx.Err()
}

// run runs the machine until it ends.
func (c *container) run(cmd *exec.Cmd) error {
	if err := startOwned(cmd); err != nil {
		return fmt.Errorf("start the container: %w", err)
	}
	pid, ended := cmd.Process.Pid, make(chan struct{})
	go func() { _ = cmd.Wait(); close(ended) }() // how it ended stands in its state
	defer func() { kill(pid); <-ended }()
	network, err := nspawn.NetworkOf(pid)
	if err != nil {
		return err
	}
	defer network.Close()
	unplug, err := c.serveCable(network)
	if err != nil {
		return err
	}
	defer unplug()
	if err := awaitLeader(c.ctx, pid, ended); err != nil {
		return err
	}
	c.mu.Lock()
	c.pid, c.network = pid, network
	err = c.plugAll()
	c.mu.Unlock()
	if err != nil {
		return err
	}
	select {
	case <-ended:
	case <-c.ctx.Done():
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pid, c.network = 0, nil
	return c.ctx.Err()
}

// awaitLeader waits until the system in the container runs. One that ends before
// tells why on its console.
func awaitLeader(ctx context.Context, pid int, ended <-chan struct{}) error {
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := nspawn.Leader(pid); !errors.Is(err, nspawn.ErrOff) {
			return err
		}
		select {
		case <-ended:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case <-tick.C:
		}
	}
}

// kill is a loss of power. The first process of a system takes all others with it.
func kill(pid int) {
	if leader, err := nspawn.Leader(pid); err == nil {
		_ = syscall.Kill(leader, syscall.SIGKILL) // gone meanwhile is as good
	}
	_ = killGroup(pid)
}

// stop powers the machine off.
func (c *container) stop() {
	c.cancel()
	c.booting.Wait()
	c.closeDisks()
}

// knock connects to a port of the machine.
func (c *container) knock(ctx context.Context, from string, port int) (net.Conn, error) {
	c.mu.Lock()
	network := c.network
	c.mu.Unlock()
	if network == nil {
		return nil, fmt.Errorf("the machine of %s is not running", c.instance.ID)
	}
	return network.Dial(ctx, from, net.JoinHostPort(c.instance.PrivateIP, fmt.Sprint(port)))
}
