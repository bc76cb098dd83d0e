package cli

import (
	"context"
	"fmt"
	"net/url"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
)

// AtStack names a deployment by its stack.
type AtStack struct {
	Stack string `short:"s" placeholder:"NAME" help:"The stack whose allocator is asked. Left out: the allocator at --url, or else that of the stack that pulumi has selected."`
}

// AfterApply remembers the stack, for whatever asks its allocator.
func (a AtStack) AfterApply(g *Globals) error {
	g.stack = a.Stack
	return nil
}

// find learns where the allocator is: by --url, or else by the outputs of the stack.
// Where both are named they must be the same deployment.
func (g *Globals) find(ctx context.Context) error {
	if g.URL != "" && g.stack == "" {
		return nil
	}
	if g.Engine == nil {
		return noAllocator(nil)
	}
	s, err := g.findStack(ctx, g.stack)
	switch {
	case err != nil && g.stack == "":
		return noAllocator(err)
	case err != nil:
		return err
	case s.URL == "":
		return noAllocator(nil)
	case g.URL != "":
		at, err := url.Parse(s.URL)
		if err != nil {
			return fmt.Errorf("the stack's output url %q is no address: %w", s.URL, err)
		}
		return expected{Host: at.Hostname(), Address: s.PublicAddress}.leadsThere(g.URL, s.URL)
	}
	g.URL = s.URL
	return nil
}

// noAllocator refuses a command that does not know where the allocator is.
func noAllocator(why error) error {
	said := ""
	if why != nil {
		said = " (" + strings.TrimRight(plain(why.Error()), ": ") + ")"
	}
	return api.Problemf(api.Invalid, "There is no allocator to ask", "There is no address, and no stack tells one%s: give --url or set LABLINK_URL, or, in the working copy that is deployed, --stack. For the local stack eval \"$(make env)\" sets it.", said)
}

// noPassword refuses who does not say who they are.
func (g *Globals) noPassword() error {
	args := "initialAdminPassword --show-secrets"
	if g.stack != "" {
		args += " --stack " + g.stack
	}
	return api.Problemf(api.Unauthorized, "There is no password", "Set LABLINK_PASSWORD: the initial one of admin is what `pulumi stack output %s` prints. Or set LABLINK_TOKEN to a token from the page /admin/account.", args)
}
