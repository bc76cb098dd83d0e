package main

import (
	"context"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/peer"
)

// watchTicks are when what must be is compared with what is: every while, and as soon
// as this allocator begins to lead, for the one that led before may be gone.
func (a *app) watchTicks(ctx context.Context) <-chan time.Time {
	out := make(chan time.Time, 1)
	go func() {
		watch, look := time.NewTicker(watchInterval), time.NewTicker(peer.Interval)
		defer watch.Stop()
		defer look.Stop()
		leads := false
		for {
			var now time.Time
			var due bool
			select {
			case <-ctx.Done():
				return
			case now = <-watch.C:
				due = true
			case now = <-look.C:
				before := leads
				leads = a.leader != nil && a.leader.Leads(ctx)
				due = leads && !before
			}
			if due {
				select {
				case out <- now:
				default: // one is due already
				}
			}
		}
	}()
	return out
}
