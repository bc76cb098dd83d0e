package agent

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Config is what an Agent is made of. All fields are required but those that say so.
type Config struct {
	// Machine is what the agent looks at and reports on.
	Machine *Machine
	// Allocator is whom it registers with and reports to.
	Allocator Allocator
	// Prover shows which machine this is.
	Prover Prover
	// JoinToken is what somebody's own machine shows in the place of a proof. Optional.
	JoinToken string
	// Identities keeps the agent's secret, and the id that the allocator gave.
	Identities IdentityStore
	// Dialer opens the tunnel.
	Dialer Dialer
	// Looks asks for a look at the GPUs with each value, so that a change of
	// health is reported before the next report is due.
	Looks <-chan time.Time
	// Now is the clock.
	Now func() time.Time
	// Random is at least 0 and below 1; it spreads retries. It is called from
	// several goroutines.
	Random func() float64
	// Alive is called after each look, also where a GPU's driver does not answer. Whoever
	// supervises the agent may restart it when the calls stay away.
	Alive func()
	// Notices says whether the cloud takes the machine back, and Watches asks for a look
	// with each value. Optional, both: it is nobody's to take back.
	Notices Notices
	Watches <-chan time.Time
	// Upkeep looks whether sessions are still shown. Optional: nothing does.
	Upkeep *Upkeep
	// Follow asks the machine to run a release, which ends this agent. The one that runs
	// takes back what was asked before. Optional: the agent stays what it is.
	Follow func(release string) error
	// Talks is called once this agent has had a report answered and a tunnel open. Optional.
	Talks func()
	// Logbook holds what the allocator is to know of the log. Optional: nothing.
	Logbook *Logbook
	// Log receives what the agent does and why it has to wait, each cause once.
	Log *slog.Logger
}

// Agent keeps the allocator informed of one machine, and the machine within
// the allocator's reach.
type Agent struct {
	Config
	setup   *Setup // the machine's, as usage is; nil where it has none
	usage   *Usage
	renewal *tries
	// mayAsk is when the agent may register again.
	mayAsk time.Time
	// asked is the release that the machine was asked for last.
	asked string
	talks talks
	// has is what the allocator was told last that the machine has.
	has *api.Inventory
	// leavesOut is whether it was logged that the allocator did not understand what was
	// measured of sessions.
	leavesOut bool
}

// New returns an agent that does nothing before Run.
func New(c Config) *Agent {
	if c.Alive == nil {
		c.Alive = func() {}
	}
	if c.Talks == nil {
		c.Talks = func() {}
	}
	a := &Agent{Config: c, setup: c.Machine.about.Setup, usage: c.Machine.about.Usage}
	if a.setup != nil {
		a.setup.wanted, a.setup.changed = make(chan wantedSetup, 1), c.Machine.changes.rouse
	}
	a.renewal = a.tries("register again")
	return a
}

// Run works until ctx ends, or until the allocator releases a machine of one's own, and
// then returns nil. It returns an error at once
// when the stored identity cannot be read, and closes the machine in any case.
func (a *Agent) Run(ctx context.Context) error {
	defer a.close()
	id, err := a.Identities.Load()
	if err != nil && !errors.Is(err, ErrNoIdentity) {
		return fmt.Errorf("load identity: %w", err)
	}
	ctx, stop := context.WithCancel(ctx)
	var looking sync.WaitGroup
	defer looking.Wait()
	defer stop()
	looking.Go(func() { a.keepLooking(ctx) })
	looking.Go(func() { a.Machine.Watch(ctx) })
	if a.Notices != nil {
		looking.Go(func() { a.keepWatching(ctx) })
	}
	if a.Upkeep != nil {
		looking.Go(func() { a.keepUp(ctx) })
	}
	if a.setup != nil {
		looking.Go(func() { a.keepSettingUp(ctx) })
	}

	if id, err = a.joining(id, err); err != nil && !errors.Is(err, ErrNoIdentity) {
		return err
	}
	if id.AgentID == "" {
		a.Log.Info("registering with the allocator", "because", cmp.Or(err, errNoAnswer))
		if id, err = a.register(ctx, id); err != nil {
			return a.leave(err)
		}
	}
	for ctx.Err() == nil {
		refusal := a.live(ctx, id)
		if ctx.Err() == nil {
			if id, err = a.renew(ctx, id, refusal); err != nil {
				return a.leave(err)
			}
		}
	}
	a.shipLast(ctx, id)
	return nil
}

// live reports, keeps the tunnel open and sends the log, until ctx ends or the allocator does
// not know the identity any more. The refusal is returned.
func (a *Agent) live(ctx context.Context, id Identity) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var all sync.WaitGroup
	all.Go(func() { stop(a.keepReporting(ctx, id)) })
	all.Go(func() { stop(a.keepTunnel(ctx, id)) })
	if a.Logbook != nil {
		all.Go(func() { stop(a.keepShipping(ctx, id)) })
	}
	all.Wait()
	return context.Cause(ctx)
}

func (a *Agent) keepLooking(ctx context.Context) {
	for {
		a.look(ctx)
		select {
		case <-ctx.Done():
			return
		case <-a.Looks:
		case <-a.Machine.News():
		}
	}
}

func (a *Agent) look(ctx context.Context) {
	status := a.Machine.status(ctx)
	if a.usage != nil {
		a.usage.Measure(status.Readings, a.Machine.hostFacts())
	}
	a.Alive()
}

// keepUp looks again and again whether the session is still shown. Why nobody can say that is
// logged once.
func (a *Agent) keepUp(ctx context.Context) {
	t := a.tries("look whether the desktop is still shown")
	tick := time.NewTicker(shownEvery)
	defer tick.Stop()
	for {
		switch asked, err := a.Upkeep.look(ctx, a.Now()); {
		case err != nil && ctx.Err() == nil:
			t.failed(err, shownEvery)
		case asked && err == nil:
			t.succeeded()
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func (a *Agent) close() {
	if err := a.Machine.Close(); err != nil {
		a.Log.Warn("NVML was not closed", "error", err)
	}
}

// unauthorized says whether the allocator does not know the identity.
func unauthorized(err error) bool { return api.CodeOf(err) == api.Unauthorized }
