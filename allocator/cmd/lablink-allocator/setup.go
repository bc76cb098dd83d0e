package main

import (
	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// setupOf is what a pool's machines are set up with.
func setupOf(p deployed.Pool) api.Setup {
	return allocator.Summed(api.Setup{
		Container: p.Container, Repository: p.Repository, Software: p.Software,
		Startup: api.Startup{
			Script: p.Startup.Script, OnError: p.Startup.OnError, MaxAttempts: p.Startup.MaxAttempts,
			BaseDelaySeconds: p.Startup.BaseDelaySeconds, SuccessCheck: p.Startup.SuccessCheck, As: p.Startup.RunAs,
		},
	})
}
