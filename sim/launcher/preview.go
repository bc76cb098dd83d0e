package launcher

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Preview shows what deploying a stack of this working copy would do, by the
// real engine against the simulated account. The stack's own file is not
// touched: all but local run from a copy.
func (w *Workspace) Preview(ctx context.Context, name string) error {
	s := Stack{Name: name}
	file := filepath.Join(w.Root, "Pulumi."+name+".yaml")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no stack %q: it would be configured in Pulumi.%s.yaml; there are %s", name, name, strings.Join(w.stacks(), ", "))
	}
	if err := w.Check(ctx); err != nil {
		return err
	}
	p, err := w.Pulumi(ctx)
	if err != nil {
		return err
	}
	if err := w.Build(ctx); err != nil {
		return err
	}
	_, running := w.Running(ctx)
	if _, err := w.StartSimulator(ctx); err != nil {
		return err
	}
	defer func() {
		if !running {
			_ = w.StopSimulator(context.WithoutCancel(ctx))
		}
	}()
	if name != local.Name {
		s.File = w.path("stacks", "Pulumi."+name+".yaml")
		if err := copyFiles(w.path("stacks"), map[string]string{filepath.Base(s.File): file}); err != nil {
			return err
		}
	}
	if err := p.Ensure(ctx, s); err != nil {
		return err
	}
	w.say("• Previewing the stack %s; make preview STACK=… shows another of %s", name, strings.Join(w.stacks(), ", "))
	return p.Run(ctx, append([]string{"preview"}, s.args()...)...)
}

// stacks are the names of the stacks that this working copy configures.
func (w *Workspace) stacks() []string {
	files, _ := filepath.Glob(filepath.Join(w.Root, "Pulumi.*.yaml")) // no error for a good pattern
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(strings.TrimPrefix(filepath.Base(f), "Pulumi."), ".yaml"))
	}
	return out
}

// Env prints the exports with which plain pulumi works on the local stack.
func (w *Workspace) Env(ctx context.Context) error {
	if _, ok := w.Running(ctx); !ok {
		return errors.New("the simulated AWS account does not run: make up starts it")
	}
	p, err := w.Pulumi(ctx)
	if err != nil {
		return err
	}
	for _, v := range p.Variables() {
		w.say("export %s='%s'", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
	}
	return nil
}
