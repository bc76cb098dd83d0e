package launcher

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// Pulumi runs the engine on this workspace's backend, against its simulator.
type Pulumi struct {
	w *Workspace
	// engine is the folder before the PATH, or "".
	engine string
	// Extra variables, which come after the others.
	Extra []Variable
}

// Pulumi finds the engine and prepares its backend.
func (w *Workspace) Pulumi(ctx context.Context) (*Pulumi, error) {
	engine, err := w.Engine(ctx)
	if err != nil {
		return nil, err
	}
	return &Pulumi{w: w, engine: engine}, os.MkdirAll(w.own("state"), 0o755)
}

// Variable is an environment variable that `make env` prints.
type Variable struct{ Name, Value string }

// Variables are those under which plain `pulumi` works on this workspace.
func (p *Pulumi) Variables() []Variable {
	w := p.w
	_, at, _ := w.client()
	path := os.Getenv("PATH")
	if p.engine != "" {
		path = p.engine + ":" + path
	}
	// Written in one step each: the engine cannot read a half-written sidecar.
	backend := "file://" + w.own("state") + "?metadata=skip"
	return append([]Variable{
		{"PATH", path},
		{"PULUMI_HOME", w.own("pulumi")},
		{"PULUMI_BACKEND_URL", backend},
		{"PULUMI_CONFIG_PASSPHRASE", passphrase},
		{"PULUMI_SKIP_UPDATE_CHECK", "true"},
		// The simulator is the provider: no plugin is looked for elsewhere.
		{"PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION", "true"},
		{"PULUMI_DEBUG_PROVIDERS", fmt.Sprintf("aws:%d,cloudflare:%d", at.Provider, at.Cloudflare)},
		{"AWS_ENDPOINT_URL", fmt.Sprintf("http://127.0.0.1:%d", at.API)},
		{"AWS_ACCESS_KEY_ID", cloud.DeveloperKey},
		{"AWS_SECRET_ACCESS_KEY", cloud.DeveloperSecret},
		{"AWS_REGION", cmp.Or(w.Region, "us-west-2")},
		{"CLOUDFLARE_BASE_URL", fmt.Sprintf("http://127.0.0.1:%d/client/v4", at.API)},
		{"GOFLAGS", goFlags},
		{"CGO_ENABLED", "0"},
		// With go run the language host that make builds takes an unchanged program
		// from Go's cache; it links it each time otherwise, as it knows no buildTarget.
		{"PULUMI_GO_USE_RUN", "true"},
	}, p.Extra...)
}

// Stack is how a stack is named to the engine, and where its configuration is.
type Stack struct {
	Name string
	// File is its configuration, when that is not Pulumi.NAME.yaml.
	File string
}

func (s Stack) args() []string {
	out := []string{"--stack", s.Name}
	if s.File != "" {
		out = append(out, "--config-file", s.File)
	}
	return out
}

// Run calls pulumi and shows what it says.
func (p *Pulumi) Run(ctx context.Context, args ...string) error {
	return p.call(ctx, p.w.Root, p.w.Out, p.w.Out, args...)
}

// RunIn is Run for the project in another folder.
func (p *Pulumi) RunIn(ctx context.Context, dir string, args ...string) error {
	return p.call(ctx, dir, p.w.Out, p.w.Out, args...)
}

// Output calls pulumi and returns what it prints on its standard output.
func (p *Pulumi) Output(ctx context.Context, args ...string) ([]byte, error) {
	return p.outputIn(ctx, p.w.Root, args...)
}

func (p *Pulumi) outputIn(ctx context.Context, dir string, args ...string) ([]byte, error) {
	var out, said bytes.Buffer
	if err := p.call(ctx, dir, &out, &said, args...); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}

// Operate calls lablink, the operator's command, and shows what it says.
func (p *Pulumi) Operate(ctx context.Context, args ...string) error {
	return p.start(ctx, exec.Command(p.w.path("bin", "lablink"), args...), p.w.Root, p.w.Out, p.w.Out)
}

// call runs pulumi.
func (p *Pulumi) call(ctx context.Context, dir string, out, said io.Writer, args ...string) error {
	program := "pulumi"
	if p.engine != "" {
		program = filepath.Join(p.engine, program)
	}
	return p.start(ctx, exec.Command(program, append(args, "--non-interactive")...), dir, out, said)
}

// start runs a program on this workspace's stacks. An interrupt is passed on, and
// pulumi then finishes what it began, so that its state is true.
func (p *Pulumi) start(ctx context.Context, cmd *exec.Cmd, dir string, out, said io.Writer) error {
	cmd.Dir, cmd.Env = dir, os.Environ()
	for _, v := range p.Variables() {
		cmd.Env = append(cmd.Env, v.Name+"="+v.Value)
	}
	// What the engine leaves behind when it is interrupted goes away with the rest.
	tmp := p.w.own("tmp")
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", tmp, err)
	}
	cmd.Env = append(cmd.Env, "TMPDIR="+tmp)
	cmd.Stdout, cmd.Stderr = out, said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} // Ctrl-C comes through ctx, once
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start %s: %w", filepath.Base(cmd.Path), err)
	}
	stop := context.AfterFunc(ctx, func() { _ = cmd.Process.Signal(os.Interrupt) })
	defer stop()
	if err := cmd.Wait(); err != nil {
		return fmt.Errorf("%s %s failed: %w", filepath.Base(cmd.Path), cmd.Args[1], err)
	}
	return nil
}

// Ensure makes a stack on the backend, unless it is there. It is made from a
// folder of its own, so that no file of the working copy changes.
func (p *Pulumi) Ensure(ctx context.Context, s Stack) error {
	known, err := p.Known(ctx)
	if err != nil {
		return err
	}
	for _, name := range known {
		if name == s.Name {
			return nil
		}
	}
	source := s.File
	if source == "" {
		source = filepath.Join(p.w.Root, "Pulumi."+s.Name+".yaml")
	}
	dir := p.w.own("stacks")
	if err := copyFiles(dir, map[string]string{
		"Pulumi.yaml": filepath.Join(p.w.Root, "Pulumi.yaml"), "Pulumi." + s.Name + ".yaml": source,
	}); err != nil {
		return err
	}
	_, err = p.outputIn(ctx, dir, "stack", "init", s.Name, "--no-select")
	return err
}

// Known are the names of the stacks on the backend.
func (p *Pulumi) Known(ctx context.Context) ([]string, error) {
	raw, err := p.Output(ctx, "stack", "ls", "--json")
	if err != nil {
		return nil, err
	}
	var list []struct{ Name string }
	if err := json.Unmarshal(raw, &list); err != nil {
		return nil, fmt.Errorf("list the stacks: %w", err)
	}
	var names []string
	for _, s := range list {
		names = append(names, s.Name)
	}
	return names, nil
}

func copyFiles(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make %s: %w", dir, err)
	}
	for name, from := range files {
		to := filepath.Join(dir, name)
		if to == from {
			continue
		}
		raw, err := os.ReadFile(from)
		if err != nil {
			return fmt.Errorf("copy %s: %w", from, err)
		}
		if err := os.WriteFile(to, raw, 0o644); err != nil {
			return fmt.Errorf("copy %s: %w", from, err)
		}
	}
	return nil
}
