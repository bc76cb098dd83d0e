package cli

import (
	"context"
	"os"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli/stack"
)

// BootstrapCommand is `lablink bootstrap`.
type BootstrapCommand struct {
	Stack string `default:"account" help:"The account's stack (${default})."`
}

// Run deploys the account's stack and moves its state into its bucket.
func (c *BootstrapCommand) Run(ctx context.Context, g *Globals) error {
	w, err := stack.Find(".", g.Out)
	if err != nil {
		return err
	}
	return w.Bootstrap(ctx, c.Stack)
}

// OneStack names a stack, and where its settings are.
type OneStack struct {
	Stack      string `short:"s" required:"" help:"The stack's name."`
	ConfigFile string `placeholder:"FILE" help:"The stack's settings, where that is not Pulumi.STACK.yaml."`
}

func (s OneStack) target() stack.Target { return stack.Target{Name: s.Stack, File: s.ConfigFile} }

// UnprotectCommand is `lablink unprotect`.
type UnprotectCommand struct {
	OneStack
	Confirm string `placeholder:"STACK" help:"The stack's name once more."`
}

// Run lifts the protection of what must survive, when the name is given twice.
func (c *UnprotectCommand) Run(ctx context.Context, g *Globals) error {
	if c.Confirm != c.Stack {
		return api.Problemf(api.Invalid, "That is not confirmed", "This lifts the protection of %s, its address and its data included. To go on: --confirm %s", c.Stack, c.Stack)
	}
	w, err := stack.Find(".", g.Out)
	if err != nil {
		return err
	}
	return w.Unprotect(ctx, c.target())
}

// DestroyCommand is `lablink destroy`.
type DestroyCommand struct {
	OneStack
	Yes       bool `help:"Do not ask."`
	Whole     bool `help:"Refuse while anything is protected, so that all or nothing is destroyed."`
	KeepRoles bool `help:"Leave the roles of workflows, none of which may delete itself."`
}

// Run destroys what is not protected, says what stays, and sees in AWS that nothing
// else is left.
func (c *DestroyCommand) Run(ctx context.Context, g *Globals) error {
	w, err := stack.Find(".", g.Out)
	if err != nil {
		return err
	}
	if c.Whole {
		if err := w.Unprotected(ctx, c.target()); err != nil {
			return err
		}
	}
	d := stack.Destruction{Answer: os.Stdin, KeepRoles: c.KeepRoles, Open: g.OpenAccount}
	if c.Yes {
		d.Answer = nil
	}
	return w.Destroy(ctx, c.target(), d)
}
