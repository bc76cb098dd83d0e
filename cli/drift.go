package cli

import (
	"cmp"
	"context"
	"fmt"
	"io"

	"github.com/talmolab/lablink-infrastructure/cli/stack"
)

// DriftCommand says whether what is there is what was deployed.
type DriftCommand struct {
	OneStack
}

// Run looks, and changes nothing. With --json what pulumi says of it goes to the standard
// error.
func (c *DriftCommand) Run(ctx context.Context, g *Globals) error {
	out := g.Out
	if g.JSON {
		out = cmp.Or[io.Writer](g.Err, io.Discard)
	}
	w, err := stack.Find(".", out)
	if err != nil {
		return exit{err, exitUnknown}
	}
	found, err := w.Drift(ctx, c.target())
	if err != nil {
		return exit{fmt.Errorf("look for drift: %w", err), exitUnknown}
	}
	if g.JSON {
		err := g.show(struct {
			Stack   string `json:"stack"`
			Drifted bool   `json:"drifted"`
		}{c.Stack, found}, nil)
		if err != nil {
			return err
		}
	}
	if found {
		return exit{fmt.Errorf("what is there is not what was deployed to %s; pulumi up --refresh takes it back", c.Stack), exitWrong}
	}
	return nil
}
