package launcher

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/api/release"
	"github.com/talmolab/lablink-infrastructure/sim/control"
)

// seed is what an account has before environments are deployed to it: a public
// hosted zone, and GitHub as an identity provider. Cloudflare has a zone, too.
var seed = []string{"--zone", "example.org", "--cloudflare-zone", "example.org", "--oidc", "https://token.actions.githubusercontent.com"}

func (w *Workspace) simDir() string { return w.own("sim") }

// ports is the file in which the simulator keeps its ports, so that what `make
// env` printed stays true over a restart.
func (w *Workspace) ports() string { return w.own("ports.json") }

// client speaks to this workspace's simulator, if its ports are known.
func (w *Workspace) client() (*control.Client, control.Ports, bool) {
	p, err := control.ReadPorts(w.ports())
	return &control.Client{URL: fmt.Sprintf("http://127.0.0.1:%d", p.API), HTTP: &http.Client{Timeout: time.Minute}}, p, err == nil
}

// Running is the state of this workspace's simulator; ok is false when it does
// not run.
func (w *Workspace) Running(ctx context.Context) (s control.State, ok bool) {
	c, _, ok := w.client()
	if !ok {
		return s, false
	}
	s, err := c.State(ctx) // within a minute (control.Client), as its disk may stall: what does not answer then is ended
	return s, err == nil && s.Dir == w.simDir()
}

// StartSimulator starts the simulator, unless it runs already. One that was
// built from other source is started anew; its machines come back with it.
func (w *Workspace) StartSimulator(ctx context.Context) (*control.Client, error) {
	program := w.path("bin", "lablink-sim")
	if s, ok := w.Running(ctx); ok {
		if raw, err := os.ReadFile(program); err == nil && release.Sum(raw) == s.Program {
			c, _, _ := w.client()
			return c, nil
		}
		if err := w.StopSimulator(ctx); err != nil {
			return nil, err
		}
	}
	w.endLeftovers()
	if err := os.MkdirAll(w.simDir(), 0o755); err != nil {
		return nil, fmt.Errorf("make the simulator's folder: %w", err)
	}
	log, err := os.OpenFile(w.own("sim.log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the simulator's log: %w", err)
	}
	defer log.Close()
	cmd := exec.Command(program, append([]string{"--dir", w.simDir(), "--ports", w.ports()}, w.Seed...)...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.Env = append(os.Environ(), control.Mark+"="+w.simDir())
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // Ctrl-C is for the deployment, not for the account
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the simulator: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	return w.awaitSimulator(ctx, ended, log.Name())
}

func (w *Workspace) awaitSimulator(ctx context.Context, ended <-chan error, log string) (*control.Client, error) {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		if _, ok := w.Running(ctx); ok {
			c, _, _ := w.client()
			return c, nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case err := <-ended:
			return nil, fmt.Errorf("the simulator ended at once (%w): its log is %s", errors.Join(err, errors.New("exit")), log)
		case <-tick.C:
		}
	}
}

// StopSimulator ends the simulator and everything that its machines run.
func (w *Workspace) StopSimulator(ctx context.Context) error {
	s, ok := w.Running(ctx)
	if ok {
		if err := syscall.Kill(s.PID, syscall.SIGTERM); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the simulator: %w", err)
		}
		deadline := time.Now().Add(30 * time.Second)
		for time.Now().Before(deadline) && runs(s.PID, "lablink-sim") {
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(50 * time.Millisecond):
			}
		}
	}
	w.endLeftovers()
	return nil
}

// endLeftovers ends processes of this workspace's simulator and its machines
// that are still there. They are known by the folder in their environment, so
// that no other process can be meant.
func (w *Workspace) endLeftovers() { control.EndProcesses(control.Mark + "=" + w.simDir()) }
