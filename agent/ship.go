package agent

import (
	"context"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/talmolab/lablink-infrastructure/api"
)

// shipEvery is how often the allocator is told what was logged.
const shipEvery = 10 * time.Second

// keepShipping tells the allocator what is logged. It ends with ctx, or with the
// refusal when the allocator does not know id.
func (a *Agent) keepShipping(ctx context.Context, id Identity) error {
	t := a.tries("send the log to the allocator")
	for {
		err := t.until(ctx, func() error {
			err := a.ship(ctx, id)
			if unauthorized(err) {
				return backoff.Permanent(err)
			}
			return err
		})
		if err != nil {
			return err
		}
		timer := time.NewTimer(jitter(shipEvery, a.Random))
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
	}
}

// lastShip bounds how long an agent that ends may take to tell what it logged last.
const lastShip = 2 * time.Second

// shipLast tells what was logged last, as the agent ends: that says why.
func (a *Agent) shipLast(ctx context.Context, id Identity) {
	if a.Logbook == nil {
		return
	}
	a.Log.Info("the agent ends")
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastShip)
	defer cancel()
	if err := a.ship(ctx, id); err != nil {
		a.Log.Warn("what was logged last was not sent to the allocator", "error", err)
	}
}

// ship tells all that the allocator does not have. What it will never take is left
// out: an allocator before this one takes no logs, and one that reads them otherwise
// takes no other try.
func (a *Agent) ship(ctx context.Context, id Identity) error {
	for batch := a.Logbook.next(); batch != nil; batch = a.Logbook.next() {
		err := a.Allocator.Log(ctx, id, *batch)
		switch api.CodeOf(err) {
		case api.NotFound, api.Invalid:
		default:
			if err != nil {
				return err
			}
		}
		a.Logbook.told()
	}
	return nil
}
