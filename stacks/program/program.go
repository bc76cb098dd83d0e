package program

import (
	"context"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/guardrail"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/release/build"
	"github.com/talmolab/lablink-infrastructure/infra/release/published"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// Builder gets what a release deploys, for the given platforms, and says which
// commit it is built from.
type Builder interface {
	// Begin looks at the working copy while other things are looked up. It does
	// not wait.
	Begin(ctx context.Context)
	// Build compiles the working copy.
	Build(ctx context.Context, allocator, agent []string) (build.Binaries, error)
	// Fetch takes what was published.
	Fetch(ctx context.Context, from published.Source, allocator, agent []string) (build.Binaries, error)
	// Commit is the working copy's.
	Commit(ctx context.Context) (build.Commit, error)
}

// Program deploys one stack.
type Program struct {
	Builder Builder
	// Config is the stack's configuration, by full key.
	Config map[string]string
}

// Run declares the stack, after everything about its settings is found right and
// what they make of it keeps the guardrails.
func (p Program) Run(ctx *pulumi.Context) error {
	s, err := settings.Load(ctx.Stack(), p.Config)
	if err != nil {
		return err
	}
	if s.AdminPassword != "" && !ctx.IsConfigSecret("lablink:adminPassword") {
		return &settings.Problems{Stack: ctx.Stack(), List: []settings.Problem{{
			Key: "adminPassword", What: "is in plain text: whoever reads the stack file can log in",
			Fix: "choose another one, with pulumi config set --secret lablink:adminPassword",
		}}}
	}
	if err := p.checkToken(ctx, s); err != nil {
		return err
	}
	if err := p.checkCommit(ctx, s); err != nil {
		return err
	}
	if s.Kind != settings.KindAccount && s.Allocator.Version == settings.FromSource {
		p.Builder.Begin(ctx.Context())
	}
	who, err := aws.GetCallerIdentity(ctx, nil)
	if err != nil {
		return fmt.Errorf("ask AWS whose credentials these are: %w", err)
	}
	if s.Account.ID != "" && who.AccountId != s.Account.ID {
		return fmt.Errorf("lablink:account.id is %s, but these credentials belong to account %s (%s): use the right credentials, or correct account.id", s.Account.ID, who.AccountId, who.Arn)
	}
	n := naming.Namer{Deployment: s.Deployment, Environment: s.Environment, AccountID: who.AccountId, Region: s.Region}
	held := guardrail.Stack{Namer: n, Production: s.InProduction(), Protect: s.Protect()}
	if s.Kind == settings.KindAccount {
		declare, err := accountOf(ctx, s, n)
		if err != nil {
			return err
		}
		return guardrail.Run(ctx, held, declare)
	}
	e, err := p.environment(ctx, s, n)
	if err != nil {
		return err
	}
	held.Boundary, held.SQLite = e.account.boundary, s.Database.Engine == settings.SQLite
	return guardrail.Run(ctx, held, e.declare)
}

// checkCommit holds production to commits that others can find. A preview only
// says so: it changes nothing, and is how work in progress is looked at.
func (p Program) checkCommit(ctx *pulumi.Context, s *settings.Settings) error {
	if !s.InProduction() || s.Kind == settings.KindAccount || s.Allocator.Version != settings.FromSource {
		return nil
	}
	err := p.unreadable(ctx.Context())
	if err != nil && ctx.DryRun() {
		return ctx.Log.Warn(err.Error()+" (this preview goes on; an update does not)", nil)
	}
	return err
}

// unreadable is why others cannot read what is built.
func (p Program) unreadable(ctx context.Context) error {
	commit, err := p.Builder.Commit(ctx)
	switch {
	case err != nil:
		return fmt.Errorf("lablink:allocator.version is source, but the commit cannot be found: %w", err)
	case commit.Dirty:
		return fmt.Errorf("lablink:allocator.version is source, but the working copy of %.12s has uncommitted changes: production deploys what others can read. fix: commit and push", commit.ID)
	case !commit.Published:
		return fmt.Errorf("lablink:allocator.version is source, but commit %.12s is on no remote: production deploys what others can read. fix: push it", commit.ID)
	}
	return nil
}
