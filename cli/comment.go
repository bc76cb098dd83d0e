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
	Drift string `placeholder:"FILE" help:"What lablink preview --drift has printed: what was changed by hand is told from it."`
	File  string `arg:"" optional:"" default:"-" help:"What lablink preview, or pulumi preview --json, has printed; - is the standard input (${default})."`
}

// Run prints the comment. A preview that failed is no error: the comment says what
// refused it.
func (c *PreviewCommentCommand) Run(ctx context.Context, g *Globals) error {
	p, err := readPreview(c.File)
	if err != nil {
		return err
	}
	if c.Drift != "" {
		looked, err := readPreview(c.Drift)
		if err != nil {
			return fmt.Errorf("look for drift: %w", err)
		}
		p.AddDrift(looked)
	}
	quote := g.quote(ctx, c.Prices, p.Region(), p.Things())
	if _, err := io.WriteString(g.Out, p.Comment(c.Stack, quote)); err != nil {
		return fmt.Errorf("print the comment: %w", err)
	}
	return nil
}

// readPreview reads a file, or the standard input for "-".
func readPreview(file string) (*preview.Preview, error) {
	if file == "-" {
		return preview.Read(os.Stdin)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the preview: %w", err)
	}
	defer f.Close()
	return preview.Read(f)
}
