package machine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// service is a .service unit that was started at least once.
type service struct {
	supervisor *Supervisor

	mu      sync.Mutex
	unit    *unitFile
	status  string // inactive, activating, active, failed
	process *os.Process
	stopped context.CancelFunc // ends the loop that keeps it running
	done    chan struct{}      // closed when that loop has ended
	starts  []time.Time
	again   int // how often it was started again since somebody started it
}

func (s *Supervisor) serviceOf(u *unitFile) *service {
	s.mu.Lock()
	defer s.mu.Unlock()
	svc := s.services[u.name]
	if svc == nil {
		svc = &service{supervisor: s, status: "inactive"}
		s.services[u.name] = svc
	}
	svc.mu.Lock()
	svc.unit = u
	svc.mu.Unlock()
	return svc
}

func (v *service) state() string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.status
}

func (v *service) restarts() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.again
}

func (v *service) partOf() []string {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.unit.list("Unit.PartOf")
}

// start runs the service and waits until it is ready; a one-shot until it has
// ended. One that runs already is left alone.
func (v *service) start(ctx context.Context) error { //nolint:contextcheck // a service outlives the call that starts it
	v.mu.Lock()
	if v.status == "active" || v.status == "activating" || v.supervisor.isClosed() {
		v.mu.Unlock()
		return nil
	}
	if err := v.limited(); err != nil {
		v.mu.Unlock()
		return err
	}
	loop, cancel := context.WithCancel(context.Background())
	v.again = 0
	v.status, v.stopped, v.done = "activating", cancel, make(chan struct{})
	ready, done := make(chan error, 1), v.done
	v.mu.Unlock()
	v.supervisor.running.Go(func() {
		defer close(done)
		v.keepRunning(loop, ready)
	})
	select {
	case err := <-ready:
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *Supervisor) isClosed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed
}

// limited refuses a service that starts too often, as systemd does.
func (v *service) limited() error {
	burst, interval := v.unit.limit()
	now := time.Now()
	v.starts = slices.DeleteFunc(v.starts, func(t time.Time) bool { return now.Sub(t) > interval })
	if interval > 0 && len(v.starts) >= burst {
		v.status = "failed"
		return fmt.Errorf("unit %s: start request repeated too quickly", v.unit.name)
	}
	v.starts = append(v.starts, now)
	return nil
}

// keepRunning starts the process, and again where the unit asks for it, until
// it is told to stop. ready hears of the first start.
func (v *service) keepRunning(ctx context.Context, ready chan<- error) {
	for {
		err := v.run(ctx, ready)
		v.mu.Lock()
		u := v.unit
		restart := u.one("Service.Restart", "no")
		v.process = nil
		switch {
		case ctx.Err() != nil:
			v.status = "inactive"
		case err != nil:
			v.status = "failed"
			v.supervisor.log.Warn("a service ended", "unit", u.name, "error", err)
		default:
			v.status = "inactive"
		}
		again := ctx.Err() == nil && (restart == "always" || restart == "on-failure" && err != nil) && !u.staysEnded(err)
		if again && v.limited() != nil {
			again = false
		}
		if again {
			v.again++
			v.status = "activating"
		}
		v.mu.Unlock()
		select {
		case ready <- err: // nobody has been told yet
		default:
		}
		if !again {
			return
		}
		wait, _ := u.duration("Service.RestartSec", 100*time.Millisecond) // checked when the file was read
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
	}
}

// run runs the process once, from its start to its end.
func (v *service) run(ctx context.Context, ready chan<- error) error {
	v.mu.Lock()
	u := v.unit
	v.mu.Unlock()
	notify, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: fmt.Sprintf("@%s-%s-%d", v.supervisor.name, u.name, time.Now().UnixNano())})
	if err != nil {
		return fmt.Errorf("listen for the readiness of %s: %w", u.name, err)
	}
	defer notify.Close()
	cmd, err := v.command(u, notify.LocalAddr().String())
	if err != nil {
		return err
	}
	defer cmd.Stdout.(*os.File).Close()
	if err := startOwned(cmd); err != nil {
		return fmt.Errorf("start %s: %w", u.name, err)
	}
	v.mu.Lock()
	v.process = cmd.Process
	v.mu.Unlock()
	ended := &exit{done: make(chan struct{})}
	go func() { ended.err = cmd.Wait(); close(ended.done) }()
	if err := v.awaitReady(ctx, u, notify, ended, ready); err != nil {
		end(u, cmd, ended)
		return err
	}
	select {
	case <-ended.done:
		_ = killGroup(cmd.Process.Pid) // what it started does not stay behind
		return ended.err
	case <-ctx.Done():
		end(u, cmd, ended)
		return nil
	}
}

// exit is how a process ended; err may be read once done is closed.
type exit struct {
	done chan struct{}
	err  error
}

// command is the process that a unit describes. The listeners of its socket are
// passed on, and the process learns its own number before it starts.
func (v *service) command(u *unitFile, notify string) (*exec.Cmd, error) {
	argv, err := u.command(v.supervisor.root)
	if err != nil {
		return nil, err
	}
	files, err := v.supervisor.filesFor(u.name)
	if err != nil {
		return nil, err
	}
	env := append(slices.Clone(v.supervisor.env), u.values["Service.Environment"]...)
	if u.one("Service.Type", "simple") == "notify" {
		env = append(env, "NOTIFY_SOCKET="+notify)
	}
	cmd := exec.Command(argv[0], argv[1:]...)
	if len(files) > 0 {
		env = append(env, fmt.Sprintf("LISTEN_FDS=%d", len(files)))
		cmd = exec.Command("/bin/sh", append([]string{"-c", `LISTEN_PID=$$ exec "$0" "$@"`}, argv...)...)
		cmd.ExtraFiles = files
	}
	logs := filepath.Join(filepath.Dir(v.supervisor.root), "log")
	if err := os.MkdirAll(logs, 0o700); err != nil {
		return nil, fmt.Errorf("keep the log of %s: %w", u.name, err)
	}
	out, err := os.OpenFile(filepath.Join(logs, u.name+".log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, fmt.Errorf("keep the log of %s: %w", u.name, err)
	}
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = v.supervisor.root, env, out, out
	return cmd, nil
}

// awaitReady waits until the service says that it is ready, where it says so.
func (v *service) awaitReady(ctx context.Context, u *unitFile, notify *net.UnixConn, ended *exit, ready chan<- error) error {
	switch u.one("Service.Type", "simple") {
	case "oneshot":
		return nil // is ready when it has ended
	case "notify":
		timeout, _ := u.duration("Service.TimeoutStartSec", 90*time.Second) // checked when the file was read
		if err := awaitNotice(ctx, notify, ended, timeout); err != nil {
			return err
		}
	}
	v.mu.Lock()
	v.status = "active"
	v.mu.Unlock()
	select {
	case ready <- nil:
	default:
	}
	return nil
}

func awaitNotice(ctx context.Context, notify *net.UnixConn, ended *exit, timeout time.Duration) error {
	said := make(chan struct{})
	go func() {
		buffer := make([]byte, 4096)
		for {
			n, err := notify.Read(buffer)
			if err != nil {
				return
			}
			if slices.Contains(strings.Split(string(buffer[:n]), "\n"), "READY=1") {
				close(said)
				return
			}
		}
	}()
	select {
	case <-said:
		return nil
	case <-ended.done:
		return errors.Join(errors.New("it ended before it was ready"), ended.err)
	case <-time.After(timeout):
		return fmt.Errorf("it was not ready within %s", timeout)
	case <-ctx.Done():
		return ctx.Err()
	}
}

// end stops the process: a polite request first, the end of the whole group
// after TimeoutStopSec.
func end(u *unitFile, cmd *exec.Cmd, ended *exit) {
	timeout, _ := u.duration("Service.TimeoutStopSec", 10*time.Second) // checked when the file was read
	_ = cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-ended.done:
	case <-time.After(timeout):
	}
	_ = killGroup(cmd.Process.Pid)
	<-ended.done
}

// stop ends the service and waits until it has.
func (v *service) stop() {
	v.mu.Lock()
	cancel, done := v.stopped, v.done
	v.mu.Unlock()
	if cancel == nil {
		return
	}
	cancel()
	<-done
}

// Kill sends a signal to a service's process, as a test of what follows.
func (s *Supervisor) Kill(name string, signal syscall.Signal) error {
	s.mu.Lock()
	svc := s.services[name]
	s.mu.Unlock()
	if svc == nil {
		return fmt.Errorf("%s was never started", name)
	}
	svc.mu.Lock()
	defer svc.mu.Unlock()
	if svc.process == nil {
		return fmt.Errorf("%s is not running", name)
	}
	return svc.process.Signal(signal)
}
