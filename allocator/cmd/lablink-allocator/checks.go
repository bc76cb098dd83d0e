package main

import (
	"syscall"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/readiness"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
)

// writeTime is how long an answer waits for a write that is tried: shorter than who
// asks waits for the answer.
const writeTime = 500 * time.Millisecond

// checks are what must hold for the allocator to be ready. A rehearsal shows that a
// release can serve, and what is wrong with the host is no fault of it.
func (a *app) checks() []web.NamedCheck {
	database := web.NamedCheck{Name: "database", Check: a.store.Ping}
	if a.rehearsal {
		return []web.NamedCheck{database, {Name: "data", Check: a.readable}}
	}
	disk := readiness.Disk{Folder: a.data, Statfs: syscall.Statfs}
	writes := &readiness.Writes{Write: a.store.TryWrite, Now: time.Now, Patience: writeTime}
	checks := []web.NamedCheck{
		database,
		{Name: "disk", Check: disk.Check},
		{Name: "database writes", Check: writes.Check},
		{Name: "clock", Check: a.clock.Check, Warning: true},
		{Name: "ec2", Check: a.ec2.Check, Warning: true},
	}
	if a.peers.server != nil {
		checks = append(checks, web.NamedCheck{Name: "stopping", Check: a.drained})
	}
	return checks
}
