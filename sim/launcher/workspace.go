package launcher

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// passphrase encrypts the secrets of stacks that are deployed to the simulator.
// It is public, as those secrets open nothing.
const passphrase = "lablink-local"

// Workspace is a working copy and what is kept beside it.
type Workspace struct {
	// Root is the working copy. Everything that is made is below .lablink in it.
	Root string
	// Out is where people read what happens.
	Out io.Writer
	// Door is the address on this computer at which the allocator is reached.
	Door string
	// Seed is what a new simulated account has, as arguments of lablink-sim.
	Seed []string
	// Region is where the account is looked at. Optional: us-west-2.
	Region string
	// needsToken is set where the stack that is previewed calls Cloudflare, with a
	// token that is not in its file or that cannot be read.
	needsToken bool
	// aside is the folder of an own simulator, "" for that of make up.
	aside string
}

// Find makes the workspace of the working copy that a folder is in.
func Find(dir string, out io.Writer) (*Workspace, error) {
	root, err := filepath.Abs(dir)
	if err == nil {
		root, err = filepath.EvalSymlinks(root) // one folder is one workspace, however it is reached
	}
	if err != nil {
		return nil, fmt.Errorf("find the working copy: %w", err)
	}
	for ; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "Pulumi.yaml")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return nil, fmt.Errorf("%s is not inside a working copy of LabLink", dir)
		}
	}
	w := &Workspace{Root: root, Out: out, Seed: seed}
	port := os.Getenv("LABLINK_PORT")
	if port == "" {
		port = w.port()
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return nil, fmt.Errorf("LABLINK_PORT must be a number from 1 to 65535, not %q", port)
	}
	w.Door = "127.0.0.1:" + port
	return w, nil
}

func (w *Workspace) path(parts ...string) string {
	return filepath.Join(append([]string{w.Root, ".lablink"}, parts...)...)
}

// own is a path of what belongs to this workspace's simulator, and to nothing
// else that is made in the working copy.
func (w *Workspace) own(parts ...string) string {
	return w.path(append([]string{w.aside}, parts...)...)
}

// Aside is a workspace on the same working copy with a simulator of its own.
func (w *Workspace) Aside(name string) *Workspace {
	other := *w
	other.aside = name
	return &other
}

// say tells people what happens.
func (w *Workspace) say(format string, args ...any) { fmt.Fprintf(w.Out, format+"\n", args...) }

// step tells what is about to happen and runs it; when it takes long, it says
// every now and then that it goes on.
func (w *Workspace) step(what string, do func() error) error {
	w.say("• %s", what)
	begin := time.Now()
	done := make(chan error, 1)
	go func() { done <- do() }()
	tick := time.NewTicker(20 * time.Second)
	defer tick.Stop()
	for {
		select {
		case err := <-done:
			if err != nil {
				return fmt.Errorf("%s: %w", strings.ToLower(what[:1])+what[1:], err)
			}
			if took := time.Since(begin); took > 2*time.Second {
				w.say("  took %s", took.Round(time.Second))
			}
			return nil
		case <-tick.C:
			w.say("  … %s", time.Since(begin).Round(time.Second))
		}
	}
}

// Lock makes sure that nobody else works in this workspace. The returned
// function lets go again.
func (w *Workspace) Lock() (func(), error) {
	if err := os.MkdirAll(w.path(), 0o755); err != nil {
		return nil, fmt.Errorf("make %s: %w", w.path(), err)
	}
	f, err := os.OpenFile(w.path("lock"), os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock %s: %w", w.path(), err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, errors.New("another make is at work in this folder: wait until it is done")
		}
		return nil, fmt.Errorf("lock %s: %w", w.path(), err)
	}
	return func() { _ = f.Close() }, nil
}
