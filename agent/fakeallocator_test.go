package agent_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

var errRefused = errors.New("connection refused")

// fakeAllocator plays the allocator, and what the agent uses to reach it.
type fakeAllocator struct {
	mu       sync.Mutex
	away     bool
	refusal  *api.Problem // of registrations
	answer   *api.Problem // to reports
	noUse    bool         // whether it understands no report that tells of a session's use
	interval int          // seconds
	// logAnswer is what a batch of the log, which is kept, is answered with.
	logAnswer error
	hangs     bool // whether it never answers that
	// setup is what machines are set up with, and setupAnswer why it is not told.
	setup       api.Setup
	setupAnswer error
	// noTunnels refuses tunnels.
	noTunnels *api.Problem
	// loseAnswers takes registrations and leaves them without an answer.
	loseAnswers bool
	sums        map[string]string // of the agents' secrets, by their ids
	apart       int               // how far its protocol is from the agent's
	release     string            // that agents are to run
	released    string            // why it lets machines go that ask for a registration
	broken      chan struct{}     // closed to break the tunnels that are open
	tunnels     []*fakeTunnel     // all that were ever open
	heard       heard
}

// heard is what the allocator heard from the agent.
type heard struct {
	asked         int // how often for a registration
	registrations []api.Registration
	tried         int // how often to report
	reports       []api.Report
	logs          []api.LogBatch
	dialled       int         // how often
	contacts      []time.Time // when it was asked for anything by whom it knows, and was there
	setups        int         // how often it was asked what to set up
	open          int         // tunnels
}

// now is what it has heard until now.
func (f *fakeAllocator) now() heard {
	f.mu.Lock()
	defer f.mu.Unlock()
	h := f.heard
	h.registrations = slices.Clone(h.registrations)
	h.reports = slices.Clone(h.reports)
	h.logs = slices.Clone(h.logs)
	h.contacts = slices.Clone(h.contacts)
	return h
}

func (f *fakeAllocator) change(c func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	c()
}

func (f *fakeAllocator) Prove(context.Context) (api.Proof, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	n := fmt.Sprint(f.heard.asked + 1)
	return api.Proof{Headers: map[string]string{"Authorization": n}}, nil
}

func (f *fakeAllocator) Register(_ context.Context, r api.Registration) (api.Registered, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard.asked++
	if f.away {
		return api.Registered{}, errRefused
	}
	if f.refusal != nil {
		return api.Registered{}, f.refusal
	}
	f.heard.registrations = append(f.heard.registrations, r)
	id := fmt.Sprintf("agt_%d", len(f.heard.registrations))
	for have, sum := range f.sums { // at most one
		if sum != r.SecretSHA256 {
			return api.Registered{}, api.Problemf(api.Conflict, "Has an agent", "with another secret")
		}
		id = have
	}
	f.sums = map[string]string{id: r.SecretSHA256}
	if f.loseAnswers {
		return api.Registered{}, errRefused
	}
	return api.Registered{AgentID: id, MachineID: "mch_1", ReportInterval: f.interval, Protocol: api.Protocol + f.apart, Version: "v9", Released: f.released}, nil
}

func (f *fakeAllocator) Report(_ context.Context, id agent.Identity, r api.Report) (api.ReportAnswer, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard.tried++
	if err := f.admit(id); err != nil {
		return api.ReportAnswer{}, err
	}
	if f.answer != nil {
		return api.ReportAnswer{}, f.answer
	}
	if f.noUse && (r.Use != nil || len(r.Ended) > 0) {
		return api.ReportAnswer{}, api.Problemf(api.Invalid, "The report cannot be understood", "use.software has too many items.")
	}
	f.heard.reports = append(f.heard.reports, r)
	return api.ReportAnswer{ReportInterval: f.interval, Protocol: api.Protocol + f.apart, Version: "v9", Release: f.release, Setup: f.setup.Sum}, nil
}

func (f *fakeAllocator) Setup(_ context.Context, id agent.Identity) (api.Setup, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard.setups++
	if err := f.admit(id); err != nil {
		return api.Setup{}, err
	}
	return f.setup, f.setupAnswer
}

func (f *fakeAllocator) Log(ctx context.Context, id agent.Identity, b api.LogBatch) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.hangs {
		<-ctx.Done()
		return ctx.Err()
	}
	if err := f.admit(id); err != nil {
		return err
	}
	f.heard.logs = append(f.heard.logs, b)
	return f.logAnswer
}

func (f *fakeAllocator) admit(id agent.Identity) error {
	if f.away {
		return fmt.Errorf("dial 10.0.0.1 from port %d: %w", f.heard.tried, errRefused)
	}
	if f.sums[id.AgentID] != api.SecretSum(id.Secret) {
		return api.Problemf(api.Unauthorized, "Unknown agent", "no agent has this secret")
	}
	f.heard.contacts = append(f.heard.contacts, time.Now())
	return nil
}

func (f *fakeAllocator) Dial(_ context.Context, id agent.Identity) (agent.Tunnel, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.heard.dialled++
	if err := f.admit(id); err != nil {
		return nil, err
	}
	if f.noTunnels != nil {
		return nil, f.noTunnels
	}
	f.heard.open++
	f.tunnels = append(f.tunnels, &fakeTunnel{f, f.broken, make(chan struct{}), make(chan struct{})})
	return f.tunnels[len(f.tunnels)-1], nil
}

// goAway makes the allocator unreachable and breaks its tunnels.
func (f *fakeAllocator) goAway() {
	f.change(func() { f.away = true; f.breakTunnels() })
}

func (f *fakeAllocator) breakTunnels() {
	close(f.broken)
	f.broken = make(chan struct{})
}

type fakeTunnel struct {
	allocator *fakeAllocator
	broken    chan struct{}
	moving    chan struct{} // closed to ask for another one
	ended     chan struct{} // closed to end it alone
}

func (t *fakeTunnel) Moving() <-chan struct{} { return t.moving }

func (t *fakeTunnel) Serve(ctx context.Context) error {
	defer t.allocator.change(func() { t.allocator.heard.open-- })
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.ended:
		return errors.New("the tunnel was ended")
	case <-t.broken:
		return errors.New("the tunnel broke")
	}
}
