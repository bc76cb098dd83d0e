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
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// postgres is a PostgreSQL server, on loopback, by TLS and with passwords.
type postgres struct {
	address string
	cmd     *exec.Cmd
	ended   chan struct{}
}

const (
	// startTime is how long a server may take to start.
	startTime = 30 * time.Second
	// stopTime is how long it may take to stop.
	stopTime = 10 * time.Second
	// startTries is how often another port is tried.
	startTries = 3
	// ownLoopback is the address of loopback at which servers listen: a port that was free there
	// a moment ago is taken by no client and no other server.
	ownLoopback = "127.81.0.1"
)

// accessRules let in by TLS with a password, as RDS does.
const accessRules = "hostssl all all 127.0.0.1/32 scram-sha-256\n"

// startPostgres starts a server on the data in a folder, which are made where there
// are none.
func startPostgres(ctx context.Context, folder string, d cloud.Database, certificate, key []byte) (*postgres, error) {
	bin, err := postgresPrograms()
	if err != nil {
		return nil, err
	}
	data := filepath.Join(folder, "data")
	if _, err := os.Stat(filepath.Join(data, "made")); err != nil {
		if err := makeDatabase(ctx, bin, folder, d); err != nil {
			return nil, err
		}
	}
	for name, content := range map[string][]byte{"server.crt": certificate, "server.key": key, "pg_hba.conf": []byte(accessRules)} {
		if err := os.WriteFile(filepath.Join(data, name), content, 0o600); err != nil {
			return nil, fmt.Errorf("configure PostgreSQL: %w", err)
		}
	}
	for range startTries {
		var p *postgres
		if p, err = runPostgres(ctx, bin, folder); err == nil {
			return p, nil
		}
	}
	return nil, err
}

// postgresPrograms is the folder of the newest PostgreSQL's programs.
func postgresPrograms() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	number := func(path string) int {
		n, _ := strconv.Atoi(strings.Split(path, "/")[4])
		return n
	}
	slices.SortFunc(found, func(a, b string) int { return number(b) - number(a) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("PostgreSQL is not installed here: run make prepare, or install Debian's package postgresql")
}

// asAnybody lets a program run that refuses root: to itself it is another user, and
// to everybody else it is who started it.
func asAnybody(cmd *exec.Cmd) *exec.Cmd {
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		one := []syscall.SysProcIDMap{{ContainerID: 1000, HostID: 0, Size: 1}}
		cmd.SysProcAttr.Cloneflags, cmd.SysProcAttr.UidMappings, cmd.SysProcAttr.GidMappings = syscall.CLONE_NEWUSER, one, one
	}
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	return cmd
}

// makeDatabase makes the data of a new instance.
func makeDatabase(ctx context.Context, bin, folder string, d cloud.Database) error {
	data := filepath.Join(folder, "data")
	if err := os.RemoveAll(folder); err != nil { // what was interrupted
		return fmt.Errorf("make a database: %w", err)
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	secret := filepath.Join(folder, "password")
	if err := os.WriteFile(secret, []byte(d.Password), 0o600); err != nil {
		return fmt.Errorf("make a database: %w", err)
	}
	defer os.Remove(secret)
	for _, step := range []struct {
		input string
		args  []string
	}{
		{"", []string{"initdb", "-D", data, "-U", d.User, "--pwfile", secret, "-A", "scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"}},
		{"CREATE DATABASE " + d.Name + "\n", []string{"postgres", "--single", "-D", data, "postgres"}},
	} {
		cmd := asAnybody(exec.CommandContext(ctx, filepath.Join(bin, step.args[0]), step.args[1:]...))
		cmd.Stdin = strings.NewReader(step.input)
		said := &strings.Builder{}
		cmd.Stdout, cmd.Stderr = said, said
		if err := runOwned(cmd); err != nil {
			return fmt.Errorf("make a database: %s: %w: %s", step.args[0], err, said)
		}
	}
	return os.WriteFile(filepath.Join(data, "made"), nil, 0o600)
}

// runPostgres runs a server on a free port.
func runPostgres(ctx context.Context, bin, folder string) (*postgres, error) {
	free, err := net.Listen("tcp", ownLoopback+":0")
	if err != nil {
		return nil, err
	}
	port := free.Addr().(*net.TCPAddr).Port
	if err := free.Close(); err != nil {
		return nil, err
	}
	p := &postgres{address: free.Addr().String(), ended: make(chan struct{})}
	log, err := os.OpenFile(filepath.Join(folder, "log"), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = asAnybody(exec.Command(filepath.Join(bin, "postgres"), "-D", filepath.Join(folder, "data"), "-p", strconv.Itoa(port),
		"-c", "listen_addresses="+ownLoopback, "-c", "unix_socket_directories=", "-c", "ssl=on", "-c", "max_connections=100", "-c", "fsync=off"))
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := startOwned(p.cmd); err != nil {
		return nil, err
	}
	go func() {
		defer close(p.ended)
		_ = p.cmd.Wait()
	}()
	return p, p.await(ctx, folder)
}

// await waits until the server takes connections.
func (p *postgres) await(ctx context.Context, folder string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		var d net.Dialer
		if c, err := d.DialContext(ctx, "tcp", p.address); err == nil {
			return c.Close()
		}
		select {
		case <-tick.C:
		case <-p.ended:
			said, _ := os.ReadFile(filepath.Join(folder, "log"))
			return fmt.Errorf("it ended: %s", said[max(0, len(said)-2000):])
		case <-ctx.Done():
			p.stop()
			return ctx.Err()
		}
	}
}

// stop stops the server.
func (p *postgres) stop() {
	_ = p.cmd.Process.Signal(os.Interrupt) // gone is as good
	select {
	case <-p.ended:
		return
	case <-time.After(stopTime):
	}
	_ = p.cmd.Process.Kill()
	<-p.ended
}
