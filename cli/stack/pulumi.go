package stack

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// Workspace is a working copy and the engine that works on its stacks.
type Workspace struct {
	// Root is the folder of Pulumi.yaml.
	Root string
	// Out is where people read what happens.
	Out io.Writer

	engine string // the program
}

// Find makes the workspace of the working copy that a folder is in.
func Find(dir string, out io.Writer) (*Workspace, error) {
	root, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("find the working copy: %w", err)
	}
	for ; ; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "Pulumi.yaml")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			return nil, fmt.Errorf("%s is not inside a working copy of LabLink: there is no Pulumi.yaml above it", dir)
		}
	}
	engine, err := exec.LookPath("pulumi")
	if err != nil {
		engine = filepath.Join(root, ".lablink", "engine", "pulumi") // where make builds one
		if _, err := os.Stat(engine); err != nil {
			return nil, errors.New("pulumi is not on the PATH: install it from https://www.pulumi.com/docs/install/, or let `make bootstrap` build it")
		}
	}
	return &Workspace{Root: root, Out: out, engine: engine}, nil
}

// backend is where the state of stacks is kept, and how secrets in it are
// encrypted when that is by a passphrase. The zero value is the one that pulumi
// itself would take.
type backend struct {
	url, passphrase string
}

// run calls pulumi and shows what it says.
func (w *Workspace) run(ctx context.Context, b backend, args ...string) error {
	return w.call(ctx, w.Root, b, nil, w.Out, w.Out, args...)
}

// output calls pulumi and returns what it prints.
func (w *Workspace) output(ctx context.Context, b backend, args ...string) ([]byte, error) {
	var out, said bytes.Buffer
	if err := w.call(ctx, w.Root, b, nil, &out, &said, args...); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}

// quietly calls pulumi in a folder, and shows what it says only when it fails.
func (w *Workspace) quietly(ctx context.Context, dir string, b backend, in io.Reader, args ...string) error {
	var said bytes.Buffer
	if err := w.call(ctx, dir, b, in, &said, &said, args...); err != nil {
		return fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return nil
}

// call runs pulumi. An interrupt is passed on, once, and pulumi then finishes what
// it began, so that its state is true.
func (w *Workspace) call(ctx context.Context, dir string, b backend, in io.Reader, out, said io.Writer, args ...string) error {
	cmd := exec.Command(w.engine, append(args, "--non-interactive")...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PULUMI_SKIP_UPDATE_CHECK=true", "PATH="+filepath.Dir(w.engine)+":"+os.Getenv("PATH"),
		"PULUMI_ENABLE_STREAMING_JSON_PREVIEW=true") // or a preview lacks all that stays as it is
	if b.url != "" {
		cmd.Env = append(cmd.Env, "PULUMI_BACKEND_URL="+b.url, "PULUMI_CONFIG_PASSPHRASE="+b.passphrase)
	}
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start pulumi: %w", err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("pulumi %s failed: %w", strings.Join(args[:min(2, len(args))], " "), err)
	}
	return nil
}

// has reports whether a backend has a stack of this project.
func (w *Workspace) has(ctx context.Context, b backend, name string) (bool, error) {
	raw, err := w.output(ctx, b, "stack", "ls", "--json")
	if err != nil {
		return false, err
	}
	var list []struct{ Name string }
	if err := json.Unmarshal(raw, &list); err != nil {
		return false, fmt.Errorf("list the stacks: %w", err)
	}
	for _, s := range list {
		if s.Name == name {
			return true, nil
		}
	}
	return false, nil
}

// say tells people what happens.
func (w *Workspace) say(format string, args ...any) { fmt.Fprintf(w.Out, format+"\n", args...) }

func (w *Workspace) path(parts ...string) string {
	return filepath.Join(append([]string{w.Root}, parts...)...)
}

// stackFile is the file of a stack's settings.
func (w *Workspace) stackFile(name string) string { return w.path("Pulumi." + name + ".yaml") }
