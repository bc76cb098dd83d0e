package stack

import (
	"context"
	"fmt"
	"strings"
)

// Unprotected refuses a stack of which something is protected.
func (w *Workspace) Unprotected(ctx context.Context, t Target) error {
	resources, err := w.resources(ctx, t.Name)
	if err != nil {
		return err
	}
	var protected []string
	for _, r := range resources {
		if r.Protect {
			protected = append(protected, r.name())
		}
	}
	if len(protected) == 0 {
		return nil
	}
	return fmt.Errorf("nothing was destroyed: %d resources of %s are protected (%s); to lift that: lablink unprotect %s --confirm %s, then pulumi up",
		len(protected), t.Name, strings.Join(protected, ", "), strings.Join(t.args(), " "), t.Name)
}
