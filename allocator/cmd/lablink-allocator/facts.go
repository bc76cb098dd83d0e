package main

import (
	"cmp"
	"context"
	"runtime"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// facts are what this process knows of itself and its host, for the page of how it is.
func (a *app) facts(started time.Time, certificate issued) func(ctx context.Context) web.Facts {
	return func(ctx context.Context) web.Facts {
		var memory runtime.MemStats
		runtime.ReadMemStats(&memory)
		out := web.Facts{
			Started: started, Engine: cmp.Or(a.settings.Database.Engine, deployed.SQLite), Goroutines: runtime.NumGoroutine(),
			Memory:  int64(memory.Sys - memory.HeapReleased), //nolint:gosec // fits
			Tunnels: a.hub.Connected(), BackedUp: backedUp(a.data),
		}
		if certificate != nil {
			out.CertificateEnds = certificate.Ends()
		}
		if a.peers.keeper != nil {
			out.Self = a.peers.keeper.Self.ID
		}
		if a.leader != nil {
			leads := a.leader.Leads(ctx)
			out.Leads = &leads
		}
		jobs, err := a.queue.Count(ctx)
		if err != nil {
			a.log.WarnContext(ctx, "it is not known which jobs there are", "error", err)
		}
		out.Jobs = jobs
		return out
	}
}
