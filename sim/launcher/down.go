package launcher

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
)

// kept is what stays below the workspace's folder: what took long to build.
var kept = []string{"engine", "bin", "build", "base", "lock"}

// Down takes the local stack away, with everything that `make up` started. To
// discard is to throw the account away with all that is in it, without asking
// the engine: for a state that it cannot destroy.
func (w *Workspace) Down(ctx context.Context, discard bool) error {
	if _, err := os.Stat(w.own("state")); discard || errors.Is(err, os.ErrNotExist) {
		if err := w.StopSimulator(ctx); err != nil {
			return err
		}
		w.say("Nothing is deployed here any more.")
		return w.sweep()
	}
	p, err := w.Pulumi(ctx)
	if err != nil {
		return err
	}
	known, err := p.Known(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(known, local.Name) {
		if err := w.destroy(ctx, p); err != nil {
			return fmt.Errorf("%w; if this cannot be mended, make down DISCARD=1 throws the simulated account away with all that is in it", err)
		}
	}
	if err := w.step("Stopping the simulated AWS account", func() error { return w.StopSimulator(ctx) }); err != nil {
		return err
	}
	if err := w.sweep(); err != nil {
		return err
	}
	w.say("Everything is gone, what stayed in the simulated account on purpose with it, and there is nothing more to do. What took long to build is kept in %s; remove that folder to free its space.", w.path())
	return nil
}

func (w *Workspace) destroy(ctx context.Context, p *Pulumi) error {
	if err := w.Build(ctx); err != nil {
		return err
	}
	account, err := w.StartSimulator(ctx)
	if err != nil {
		return err
	}
	if err := p.Recover(ctx, local, account); err != nil {
		return err
	}
	w.say("• Destroying: lablink destroy --stack local")
	return p.Operate(ctx, append([]string{"destroy", "--yes"}, local.args()...)...)
}

// sweep removes all that belongs to a deployment.
func (w *Workspace) sweep() error {
	entries, err := os.ReadDir(w.path())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		if slices.Contains(kept, e.Name()) {
			continue
		}
		err = errors.Join(err, os.RemoveAll(w.path(e.Name())))
	}
	return err
}
