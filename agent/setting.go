package agent

import (
	"context"

	"github.com/cenkalti/backoff/v5"

	"github.com/talmolab/lablink-infrastructure/api"
)

// wants lets the set-up begin, where the allocator has one that is new. Where it has none,
// what did not succeed is forgotten.
func (a *Agent) wants(id Identity, sum string) {
	if a.setup == nil {
		return
	}
	if sum == "" {
		a.setup.none()
		a.setup.settle()
		return
	}
	if sum == a.setup.seen() {
		a.setup.settle()
		return
	}
	select {
	case a.setup.wanted <- wantedSetup{id, sum}:
	default: // it goes on, or is about to
	}
}

// keepSettingUp sets the machine up whenever the allocator wants it, until ctx ends. It
// does not depend on whether the allocator can be reached meanwhile.
func (a *Agent) keepSettingUp(ctx context.Context) {
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case want := <-a.setup.wanted:
			if want.sum == a.setup.seen() {
				continue // it was asked for while it went on
			}
			if said, ok := a.askSetup(ctx, want.id); ok {
				a.setup.take(ctx, said)
			}
		}
	}
}

// askSetup asks what to set the machine up with. Not ok where the allocator has nothing any
// more, or does not know this agent: what is wanted is told again with the next report.
func (a *Agent) askSetup(ctx context.Context, id Identity) (said api.Setup, ok bool) {
	err := a.tries("ask the allocator what to set up").until(ctx, func() (err error) {
		said, err = a.Allocator.Setup(ctx, id)
		if code := api.CodeOf(err); code == api.Unauthorized || code == api.NotFound || code == api.Invalid {
			return backoff.Permanent(err)
		}
		return err
	})
	if err != nil && ctx.Err() == nil {
		a.Log.Warn("the allocator does not say what to set up; it is asked again", "error", err)
	}
	return said, err == nil
}
