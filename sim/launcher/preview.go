package launcher

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// Preview shows what deploying a stack of this working copy would do, by the
// real engine against a simulated account. All but local are looked at in an
// account of their own, in which there is what their file names.
func (w *Workspace) Preview(ctx context.Context, name string) error {
	file := filepath.Join(w.Root, "Pulumi."+name+".yaml")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no stack %q: it would be configured in Pulumi.%s.yaml; there are %s", name, name, strings.Join(w.stacks(), ", "))
	}
	if name == local.Name {
		return w.preview(ctx, local)
	}
	return w.previewFile(ctx, name, file)
}

// Templates is the folder of the templates of stack files.
const Templates = "stacks/templates"

// PreviewTemplate shows what deploying a stack made from a template would do.
func (w *Workspace) PreviewTemplate(ctx context.Context, name string) error {
	file := filepath.Join(w.Root, Templates, name+".yaml")
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("there is no template %q in %s; there are %s", name, Templates, strings.Join(w.templates(), ", "))
	}
	return w.previewFile(ctx, name, file)
}

// previewFile previews a stack that a file configures, from a copy of it.
func (w *Workspace) previewFile(ctx context.Context, name, file string) error {
	aside := w.Aside("preview")
	sweep := func() error {
		return errors.Join(aside.StopSimulator(context.WithoutCancel(ctx)), os.RemoveAll(aside.own()))
	}
	if err := sweep(); err != nil { // what an interrupted one left
		return err
	}
	s := Stack{Name: name, File: aside.own("stacks", "Pulumi."+name+".yaml")}
	if err := copyFiles(aside.own("stacks"), map[string]string{filepath.Base(s.File): file}); err != nil {
		return err
	}
	if err := aside.seedFor(name, file); err != nil {
		return errors.Join(err, sweep())
	}
	return errors.Join(aside.preview(ctx, s), sweep())
}

func (w *Workspace) preview(ctx context.Context, s Stack) error {
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
	if err := p.Ensure(ctx, s); err != nil {
		return err
	}
	if w.needsToken { // the copy gets the token that the simulator knows
		if _, err := p.Output(ctx, append([]string{"config", "set", "--secret", "cloudflare:apiToken", cloud.CloudflareToken}, s.args()...)...); err != nil {
			return err
		}
	}
	w.say("• Previewing the stack %s; make preview STACK=… shows another of %s, make preview TEMPLATE=… one of %s",
		s.Name, strings.Join(w.stacks(), ", "), strings.Join(w.templates(), ", "))
	if err := p.Run(ctx, append([]string{"preview"}, s.args()...)...); err != nil {
		return err
	}
	w.say("Nothing was deployed. The account is a simulated one, which is taken to have the images that the stack names. For AWS: docs/deploying.md")
	return nil
}

// templates are the names of the templates.
func (w *Workspace) templates() []string {
	files, _ := filepath.Glob(filepath.Join(w.Root, Templates, "*.yaml")) // no error for a good pattern
	var out []string
	for _, f := range files {
		out = append(out, strings.TrimSuffix(filepath.Base(f), ".yaml"))
	}
	return out
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
	state, ok := w.Running(ctx)
	if !ok {
		return errors.New("the simulated AWS account does not run: make up starts it")
	}
	p, err := w.Pulumi(ctx)
	if err != nil {
		return err
	}
	for _, v := range append(p.Variables(), Variable{"LABLINK_URL", w.page(state)}) {
		if v.Name == "PATH" { // for lablink
			v.Value = w.path("bin") + ":" + v.Value
		}
		w.say("export %s='%s'", v.Name, strings.ReplaceAll(v.Value, "'", `'\''`))
	}
	return nil
}
