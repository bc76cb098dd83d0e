package stack

import (
	"context"
	"fmt"
	"slices"
	"strings"
)

// Unprotected refuses a stack of which something is protected, and lists that.
func (w *Workspace) Unprotected(ctx context.Context, t Target) error {
	resources, err := w.resources(ctx, t.Name)
	if err != nil {
		return err
	}
	protected := slices.DeleteFunc(resources, func(r resource) bool { return !r.Protect })
	if len(protected) == 0 {
		return nil
	}
	w.say("These are protected:")
	w.list(protected)
	args := strings.Join(t.args(), " ")
	return fmt.Errorf("nothing was destroyed: first lablink unprotect %s --confirm %s, then pulumi up %s", args, t.Name, args)
}
