package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// Supervisor runs a machine's units, as systemd would.
type Supervisor struct {
	root   string
	log    *slog.Logger
	env    []string
	name   string              // of its socket
	named  func(port int) bool // whether who comes to a port is named by their address
	server *http.Server
	asked  net.Listener // for systemctl
	reboot func()       // powers the machine off and on again, and does not wait

	mu       sync.Mutex
	services map[string]*service
	sockets  map[string]*socket
	timers   map[string]context.CancelFunc
	closed   bool
	running  sync.WaitGroup
}

func newSupervisor(root string, named func(port int) bool, log *slog.Logger) *Supervisor {
	return &Supervisor{
		root: root, named: named, log: log, services: map[string]*service{}, sockets: map[string]*socket{},
		timers: map[string]context.CancelFunc{},
		name:   fmt.Sprintf("lablink-supervisor-%d-%s", os.Getpid(), filepath.Base(filepath.Dir(root))),
	}
}

// serve answers systemctl on a socket without a file.
func (s *Supervisor) serve(ctx context.Context) error {
	l, err := net.Listen("unix", "@"+s.name)
	if err != nil {
		return fmt.Errorf("listen for systemctl: %w", err)
	}
	s.asked = l
	s.env = append(s.env, "LABLINK_SUPERVISOR="+s.name)
	s.server = &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		raw, _ := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		out, err := s.systemctl(r.Context(), strings.Split(strings.TrimSpace(string(raw)), "\n"))
		if err != nil {
			w.WriteHeader(http.StatusConflict)
			out = err.Error()
		}
		fmt.Fprintln(w, out)
	})}
	go func() {
		if err := s.server.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			s.log.Error("answer systemctl", "error", err)
		}
	}()
	context.AfterFunc(ctx, s.hangUp)
	return nil
}

// hangUp answers no more. The socket's name is free then, also where the server has yet to
// begin: the same machine may come back at once.
func (s *Supervisor) hangUp() {
	if s.server != nil {
		_ = errors.Join(s.server.Close(), s.asked.Close()) // closed already is as good
	}
}

// systemctlScript speaks to the supervisor. It stands first on the machine's
// PATH, so that the binaries call systemctl as they do under systemd.
const systemctlScript = `#!/bin/sh
printf '%s\n' "$@" | exec curl -sS --fail-with-body --max-time 120 --noproxy '*' \
  --abstract-unix-socket "$LABLINK_SUPERVISOR" --data-binary @- http://supervisor/
`

func (m *Machine) installSystemctl() error {
	dir := filepath.Join(m.root(), "usr/sbin")
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("install systemctl: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, "systemctl"), []byte(systemctlScript), 0o700)
}

// systemctl carries out one call; its options are those that LabLink uses.
func (s *Supervisor) systemctl(ctx context.Context, args []string) (string, error) {
	now, killed, shown := false, false, false
	var words []string
	for _, a := range args {
		switch {
		case a == "--now":
			now = true
		case a == "--signal=SIGKILL":
			killed = true
		case a == "--property=ActiveState,NRestarts":
			shown = true
		case strings.HasPrefix(a, "-"):
			return "", fmt.Errorf("the simulator's systemctl does not know %s", a)
		case a != "":
			words = append(words, a)
		}
	}
	if len(words) == 0 {
		return "", errors.New("systemctl: say what to do")
	}
	verb, units := words[0], words[1:]
	var do func(context.Context, string) error
	switch verb {
	case "reboot":
		s.reboot()
		return "", nil
	case "daemon-reload":
		return "", nil // unit files are read anew at each start
	case "enable":
		do = func(ctx context.Context, name string) error {
			if err := s.enable(name); err != nil || !now {
				return err
			}
			return s.start(ctx, name)
		}
	case "start":
		do = s.start
	case "reset-failed":
		do = func(_ context.Context, name string) error { return s.resetFailed(name) }
	case "stop":
		do = func(_ context.Context, name string) error { s.stopUnit(name); return nil }
	case "restart":
		do = s.restart
	case "kill":
		if !killed {
			return "", errors.New("the simulator's systemctl kills with --signal=SIGKILL only")
		}
		do = func(_ context.Context, name string) error { return s.killUnit(name) }
	case "show":
		if !shown {
			return "", errors.New("the simulator's systemctl shows --property=ActiveState,NRestarts only")
		}
		return s.show(units[0]), nil
	case "is-active":
		if state := s.state(units[0]); state != "active" {
			return "", errors.New(state)
		}
		return "active", nil
	default:
		return "", fmt.Errorf("the simulator's systemctl does not know %q", verb)
	}
	for _, name := range units {
		if err := do(ctx, name); err != nil {
			return "", err
		}
	}
	return "", nil
}

// enable makes a unit start with the machine.
func (s *Supervisor) enable(name string) error {
	u, err := loadUnit(s.root, name)
	if err != nil {
		return err
	}
	for _, target := range u.wantedBy {
		dir := filepath.Join(s.root, "etc/systemd/system", target+".wants")
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("enable %s: %w", name, err)
		}
		if err := os.Symlink("../"+name, filepath.Join(dir, name)); err != nil && !errors.Is(err, os.ErrExist) {
			return fmt.Errorf("enable %s: %w", name, err)
		}
	}
	return nil
}

// bootUnits starts what is enabled: sockets first, then the rest.
func (s *Supervisor) bootUnits() error {
	wants, err := filepath.Glob(filepath.Join(s.root, "etc/systemd/system/*.wants/*"))
	if err != nil {
		return fmt.Errorf("look for enabled units: %w", err)
	}
	for _, sockets := range []bool{true, false} {
		for _, link := range wants {
			name := filepath.Base(link)
			if strings.HasSuffix(name, ".socket") != sockets {
				continue
			}
			if err := s.start(context.Background(), name); err != nil {
				s.log.Error("start enabled unit", "unit", name, "error", err)
			}
		}
	}
	return nil
}

func (s *Supervisor) start(ctx context.Context, name string) error {
	u, err := loadUnit(s.root, name)
	if err != nil {
		return err
	}
	for _, path := range u.list("Unit.RequiresMountsFor") {
		if _, err := os.Stat(filepath.Join(s.root, path)); err != nil {
			return fmt.Errorf("unit %s: %s is not mounted", name, path)
		}
	}
	for _, other := range u.list("Unit.Requires") {
		if s.state(other) != "active" {
			if err := s.start(ctx, other); err != nil {
				return err
			}
		}
	}
	if len(u.ignored) > 0 {
		s.log.Debug("the simulator leaves out hardening", "unit", name, "directives", u.ignored)
	}
	switch filepath.Ext(name) {
	case ".socket":
		return s.listen(u)
	case ".timer":
		return s.tick(u)
	}
	err = s.serviceOf(u).start(ctx)
	return errors.Join(err, s.startWanted(ctx, name))
}

// startWanted starts what is enabled to start with a service.
func (s *Supervisor) startWanted(ctx context.Context, name string) error {
	wanted, err := filepath.Glob(filepath.Join(s.root, "etc/systemd/system", name+".wants/*"))
	if err != nil {
		return fmt.Errorf("look what starts with %s: %w", name, err)
	}
	for _, link := range wanted {
		if err := s.start(ctx, filepath.Base(link)); err != nil {
			s.log.Error("start wanted unit", "unit", link, "error", err)
		}
	}
	return nil
}

func (s *Supervisor) restart(ctx context.Context, name string) error {
	var again []string
	if filepath.Ext(name) == ".service" {
		again = s.parts(name)
		s.stopUnit(name)
	}
	for _, unit := range append(again, name) {
		if err := s.start(ctx, unit); err != nil {
			return err
		}
	}
	return nil
}

func (s *Supervisor) stopUnit(name string) {
	s.mu.Lock()
	svc, cancel := s.services[name], s.timers[name]
	delete(s.timers, name)
	s.mu.Unlock()
	if cancel != nil {
		cancel()
	}
	if svc != nil {
		svc.stop()
	}
	for _, part := range s.parts(name) {
		s.stopUnit(part)
	}
}

// parts are the services that run, and stop and restart with another one.
func (s *Supervisor) parts(of string) (parts []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, svc := range s.services {
		if svc.state() != "inactive" && slices.Contains(svc.partOf(), of) {
			parts = append(parts, name)
		}
	}
	return parts
}

// resetFailed forgets how often a service ended.
func (s *Supervisor) resetFailed(name string) error {
	s.mu.Lock()
	svc := s.services[name]
	s.mu.Unlock()
	if svc == nil {
		return fmt.Errorf("failed to reset failed state of unit %s: unit %s not loaded", name, name)
	}
	svc.mu.Lock()
	defer svc.mu.Unlock()
	svc.starts = nil
	if svc.status == "failed" {
		svc.status = "inactive"
	}
	return nil
}

// killUnit ends all processes of a service at once. One that has none is left as
// it is; what its unit says of a service that ends holds.
func (s *Supervisor) killUnit(name string) error {
	s.mu.Lock()
	svc := s.services[name]
	s.mu.Unlock()
	if svc == nil {
		return fmt.Errorf("failed to kill: unit %s not loaded", name)
	}
	svc.mu.Lock()
	defer svc.mu.Unlock()
	if svc.process != nil {
		_ = killGroup(svc.process.Pid) // gone meanwhile is as good
	}
	return nil
}

func (s *Supervisor) state(name string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sockets[name] != nil || s.timers[name] != nil {
		return "active"
	}
	if svc := s.services[name]; svc != nil {
		return svc.state()
	}
	return "inactive"
}

// show is how a service is, as systemctl shows it.
func (s *Supervisor) show(name string) string {
	s.mu.Lock()
	svc := s.services[name]
	s.mu.Unlock()
	restarts := 0
	if svc != nil {
		restarts = svc.restarts()
	}
	return fmt.Sprintf("NRestarts=%d\nActiveState=%s", restarts, s.state(name))
}

// close stops everything, services at once and together.
func (s *Supervisor) close() {
	s.mu.Lock()
	s.closed = true
	for _, cancel := range s.timers {
		cancel()
	}
	services := slices.Collect(maps.Values(s.services))
	s.mu.Unlock()
	var all sync.WaitGroup
	for _, svc := range services {
		all.Go(svc.stop)
	}
	all.Wait()
	s.mu.Lock()
	for _, k := range s.sockets {
		k.close()
	}
	s.mu.Unlock()
	s.running.Wait()
	s.hangUp()
}
