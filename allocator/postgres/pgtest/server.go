package pgtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
)

// User is who may do everything on the server.
const User = "lablink"

// Options say how a server is run.
type Options struct {
	// NoSync leaves flushing to the system, for tests of what is written and not of
	// how fast or how surely.
	NoSync bool
}

// Server is a server with its data in a folder of its own.
type Server struct {
	bin, dir string
	who      *syscall.SysProcAttr
	guard    *exec.Cmd
	count    atomic.Int32   // of databases made
	alive    io.WriteCloser // while it is open, the guard lets the server run
}

// guardScript waits until its input ends, as it does when this process is gone,
// however that went. Then it stops the server and removes its folder.
const guardScript = `cat >/dev/null; "$1/pg_ctl" -D "$2/data" -m immediate stop >/dev/null 2>&1; rm -rf "$2"`

// Start makes a server and starts it.
func Start(ctx context.Context, o Options) (*Server, error) {
	bin, err := programs()
	if err != nil {
		return nil, err
	}
	s := &Server{bin: bin}
	if err := s.makeFolder(); err != nil {
		return nil, err
	}
	if err := s.watch(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(s.dir))
	}
	err = s.pg(ctx, "initdb", "-D", s.path("data"), "-U", User, "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync")
	if err == nil {
		err = s.configure(o)
	}
	if err == nil {
		err = s.Restart(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

// programs is the folder of the newest PostgreSQL's programs. Debian puts them where
// the PATH does not lead.
func programs() (string, error) {
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	slices.SortFunc(found, func(a, b string) int { return version(b) - version(a) })
	if len(found) > 0 {
		return filepath.Dir(found[0]), nil
	}
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path), nil
	}
	return "", errors.New("PostgreSQL is not installed here: run make prepare, or install Debian's package postgresql")
}

func version(path string) int {
	n, _ := strconv.Atoi(strings.Split(path, "/")[4])
	return n
}

// makeFolder makes the folder, of the user who runs the server: PostgreSQL refuses
// to be run by root.
func (s *Server) makeFolder() (err error) {
	if s.dir, err = os.MkdirTemp("", "lablink-pg-"); err != nil {
		return fmt.Errorf("make a folder for PostgreSQL: %w", err)
	}
	s.who = &syscall.SysProcAttr{Setpgid: true}
	if os.Geteuid() != 0 {
		return nil
	}
	other, err := user.Lookup("postgres")
	if err != nil {
		return fmt.Errorf("root may not run PostgreSQL, and the user postgres, whom Debian's package makes, is not here: %w", err)
	}
	uid, _ := strconv.ParseUint(other.Uid, 10, 32)
	gid, _ := strconv.ParseUint(other.Gid, 10, 32)
	s.who.Credential = &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
	return os.Chown(s.dir, int(uid), int(gid))
}

// watch starts the guard.
func (s *Server) watch() (err error) {
	s.guard = s.command(context.Background(), "/bin/sh", "-c", guardScript, "guard", s.bin, s.dir)
	if s.alive, err = s.guard.StdinPipe(); err != nil {
		return fmt.Errorf("guard PostgreSQL: %w", err)
	}
	if err := s.guard.Start(); err != nil {
		return fmt.Errorf("guard PostgreSQL: %w", err)
	}
	return nil
}

func (s *Server) configure(o Options) error {
	text := fmt.Sprintf("listen_addresses = ''\nunix_socket_directories = '%s'\nmax_connections = 200\n", s.dir)
	if o.NoSync {
		text += "fsync = off\n"
	}
	file, err := os.OpenFile(s.path("data/postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("configure PostgreSQL: %w", err)
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Close())
}

// Restart starts the server after Halt.
func (s *Server) Restart(ctx context.Context) error {
	return s.pg(ctx, "pg_ctl", "-D", s.path("data"), "-l", s.path("log"), "-w", "start")
}

// Halt stops the server, as if its computer went away.
func (s *Server) Halt(ctx context.Context) error {
	return s.pg(ctx, "pg_ctl", "-D", s.path("data"), "-m", "immediate", "-w", "stop")
}

// Stop stops the server for good, and removes its data.
func (s *Server) Stop() error {
	err := s.alive.Close()
	return errors.Join(err, s.guard.Wait())
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

func (s *Server) command(ctx context.Context, program string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Dir, cmd.SysProcAttr = s.dir, s.who
	cmd.Env = []string{"PATH=/usr/bin:/bin", "LC_ALL=C.UTF-8"}
	return cmd
}

// pg runs one of PostgreSQL's programs.
func (s *Server) pg(ctx context.Context, program string, args ...string) error {
	out, err := os.CreateTemp(s.dir, "said-") // a server that is started keeps a pipe open
	if err != nil {
		return fmt.Errorf("run %s: %w", program, err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	cmd := s.command(ctx, filepath.Join(s.bin, program), args...)
	cmd.Stdout, cmd.Stderr = out, out
	if err := cmd.Run(); err != nil {
		said, _ := os.ReadFile(out.Name())
		log, _ := os.ReadFile(s.path("log"))
		return fmt.Errorf("run %s: %w: %s%s", program, err, said, log)
	}
	return nil
}
