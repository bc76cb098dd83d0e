package cli

import (
	"context"
	"fmt"
	"io"
	"os"

	"github.com/talmolab/lablink-infrastructure/cli/preview"
)

// PreviewCommentCommand is `lablink preview-comment`.
type PreviewCommentCommand struct {
	Stack string `required:"" help:"The stack's name."`
	PriceFlag
	File string `arg:"" optional:"" default:"-" help:"What lablink preview, or pulumi preview --json, has printed; - is the standard input (${default})."`
}

// Run prints the comment. A preview that failed is no error: the comment says what
// refused it.
func (c *PreviewCommentCommand) Run(ctx context.Context, g *Globals) error {
	in := io.Reader(os.Stdin)
	if c.File != "-" {
		f, err := os.Open(c.File)
		if err != nil {
			return fmt.Errorf("read the preview: %w", err)
		}
		defer f.Close()
		in = f
	}
	p, err := preview.Read(in)
	if err != nil {
		return err
	}
	quote := g.quote(ctx, c.Prices, p.Region(), p.Things())
	if _, err := io.WriteString(g.Out, p.Comment(c.Stack, quote)); err != nil {
		return fmt.Errorf("print the comment: %w", err)
	}
	return nil
}
