package cli

import (
	"context"
	"fmt"

	"github.com/talmolab/lablink-infrastructure/cli/stack"
)

// DriftCommand says whether what is there is what was deployed.
type DriftCommand struct {
	OneStack
}

// Run looks, and changes nothing.
func (c *DriftCommand) Run(ctx context.Context, g *Globals) error {
	w, err := stack.Find(".", g.Out)
	if err != nil {
		return exit{err, exitUnknown}
	}
	found, err := w.Drift(ctx, c.target())
	if err != nil {
		return exit{fmt.Errorf("look for drift: %w", err), exitUnknown}
	}
	if found {
		return exit{fmt.Errorf("what is there is not what was deployed to %s; pulumi up --refresh takes it back", c.Stack), exitWrong}
	}
	return nil
}
