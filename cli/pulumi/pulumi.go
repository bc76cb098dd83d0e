package pulumi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
)

// Engine is cli.Engine: the pulumi on the PATH.
type Engine struct {
	// Dir is the folder of the stacks, with their Pulumi.yaml.
	Dir string
	// Out is where people read what pulumi says.
	Out io.Writer
}

// Output returns what pulumi prints.
func (e *Engine) Output(ctx context.Context, args ...string) ([]byte, error) {
	var out, said bytes.Buffer
	if err := e.call(ctx, &out, &said, args); err != nil {
		return nil, fmt.Errorf("%w: %s", err, strings.TrimSpace(said.String()))
	}
	return out.Bytes(), nil
}

// Run lets pulumi say what it does.
func (e *Engine) Run(ctx context.Context, args ...string) error {
	return e.call(ctx, e.Out, e.Out, args)
}

// call passes an interrupt on: pulumi then finishes what it began.
func (e *Engine) call(ctx context.Context, out, said io.Writer, args []string) error {
	cmd := exec.CommandContext(ctx, "pulumi", append(args, "--non-interactive")...)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.Dir, cmd.Stdout, cmd.Stderr = e.Dir, out, said
	switch err := cmd.Run(); {
	case errors.Is(err, exec.ErrNotFound):
		return errors.New("pulumi is not on the PATH: install the Pulumi CLI, or use the engine that LabLink builds, by make env for the local stack")
	case err != nil:
		return fmt.Errorf("pulumi %s: %w", strings.Join(args, " "), err)
	}
	return nil
}
