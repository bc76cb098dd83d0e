package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// StatusCommand says whether the allocator is ready.
type StatusCommand struct{}

// Run asks once.
func (StatusCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.client()
	if err != nil {
		return err
	}
	ready, err := client.Ready(ctx)
	if err != nil {
		return err
	}
	rows := [][]string{{"VERSION", "RELEASE", "READY"}, {ready.Version, ready.Release, fmt.Sprint(ready.Ready)}}
	for _, c := range ready.Checks {
		if !c.OK {
			rows = append(rows, []string{c.Name, c.Reason})
		}
	}
	if err := g.show(ready, rows); err != nil {
		return err
	}
	if !ready.Ready {
		return api.Problemf(api.Unavailable, "The allocator is not ready", "See above for why.")
	}
	return nil
}

// VerifyCommand waits for a release.
type VerifyCommand struct {
	Release string        `required:"" placeholder:"SUM" help:"The SHA-256 of the manifest that must run: the stack's output release.manifest."`
	Timeout time.Duration `default:"5m" help:"How long to wait (${default})."`
}

// Run asks until the release runs and is ready, or the time is up.
func (c VerifyCommand) Run(ctx context.Context, g *Globals) error {
	client, err := g.client()
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		ready, err := client.Ready(ctx)
		why := fmt.Sprintf("it runs release %.12s (%s)", ready.Release, ready.Version)
		switch {
		case err != nil:
			why = err.Error()
		case ready.Release == c.Release && ready.Ready:
			return g.show(ready, [][]string{{"verified", ready.Version, ready.Release}})
		case ready.Release == c.Release:
			why = fmt.Sprintf("it is not ready: %+v", ready.Checks)
		}
		select {
		case <-ctx.Done():
			return api.Problemf(api.Unavailable, "The release does not run", "After %s, %s.", c.Timeout, why)
		case <-tick.C:
		}
	}
}
