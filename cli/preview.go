package cli

import (
	"context"
	"fmt"
	"os"

	"github.com/talmolab/lablink-infrastructure/cli/stack"
)

// PreviewCommand is `lablink preview`.
type PreviewCommand struct {
	OneStack
	Drift bool `help:"Look at what was changed by hand, too; at no secret, which the plan then lacks."`
}

// Run prints what lablink preview-comment reads. What people read beside goes to the
// standard error.
func (c *PreviewCommand) Run(ctx context.Context, g *Globals) error {
	w, err := stack.Find(".", os.Stderr)
	if err != nil {
		return err
	}
	if err := w.Preview(ctx, c.target(), c.Drift, g.Out); err != nil {
		return fmt.Errorf("preview %s: %w", c.Stack, err)
	}
	return nil
}
