package agent

import (
	"context"
	"errors"
	"io/fs"
	"log/slog"
	"sync"
	"time"

	"github.com/talmolab/lablink-infrastructure/agent/gpu"
	"github.com/talmolab/lablink-infrastructure/api"
)

// setupName is what a set-up is kept under.
const setupName = "setup"

// Setup makes of a machine what its workshop needs, once. Its methods may be called from
// several goroutines.
type Setup struct {
	// Runner runs what is to be run.
	Runner Runner
	// Fetch fetches the image of desktops that are containers, which its command names.
	// Optional: the machine has no such desktops.
	Fetch Runner
	// Memory keeps how it ended.
	Memory Memory
	// Said receives what is run and what that writes: the level, and a line.
	Said func(level, line string)
	// Prepared is called when the home is as sessions are to find it. Optional.
	Prepared func() error
	// Now is the clock, and Random at least 0 and below 1.
	Now    func() time.Time
	Random func() float64
	Log    *slog.Logger

	mu      sync.Mutex
	known   setupMemory
	working bool // on what the allocator said
	settled bool // the allocator wants no more than was done
	recall  sync.Once
	told    time.Time // when the allocator was let know last of a line
	changed func()    // lets the allocator know
	wanted  chan wantedSetup
}

// setupMemory is what is kept of a set-up.
type setupMemory struct {
	Status   api.SetupStatus `json:"status"`
	Seen     string          `json:"seen"` // the sum of what the allocator said last
	Software []string        `json:"software,omitempty"`
}

// wantedSetup is what the allocator has for an agent.
type wantedSetup struct {
	id  Identity
	sum string
}

// Status is how the set-up goes, as the allocator is told of it.
func (s *Setup) Status() *api.SetupStatus {
	s.remember()
	s.mu.Lock()
	defer s.mu.Unlock()
	status := s.known.Status
	return &status
}

// goesOn reports whether the machine is being set up.
func (s *Setup) goesOn() bool { return s.Status().State == api.SetupRunning }

// Software are the names of the programs that the workshop is about.
func (s *Setup) Software() []string {
	s.remember()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known.Software
}

// remember reads once what was kept. What a restart cut short begins anew.
func (s *Setup) remember() {
	s.recall.Do(func() {
		known := setupMemory{Status: api.SetupStatus{State: api.SetupNone}}
		if err := s.Memory.Recall(setupName, &known); err != nil && !errors.Is(err, fs.ErrNotExist) {
			s.Log.Warn("how the machine was set up cannot be read; it may be set up again", "error", err)
		}
		if !known.Status.Ended() {
			known.Seen = ""
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		s.known = known
	})
}

// seen is the sum of what the allocator said last.
func (s *Setup) seen() string {
	s.remember()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known.Seen
}

// change changes what is known, keeps it, and lets the allocator know.
func (s *Setup) change(change func(*setupMemory)) {
	s.mu.Lock()
	change(&s.known)
	known, changed := s.known, s.changed
	s.mu.Unlock()
	if err := s.Memory.Keep(setupName, known); err != nil {
		s.Log.Warn("how the machine is set up cannot be kept; it may be set up again when the agent starts again", "error", err)
	}
	if changed != nil {
		changed()
	}
}

// take does what the allocator says, if it is to be done, and returns when that has ended.
func (s *Setup) take(ctx context.Context, said api.Setup) {
	s.remember()
	s.mu.Lock()
	was := s.known.Status
	s.working = true
	s.mu.Unlock()
	defer s.rest()
	if !said.Run && !succeeded(was) {
		was = api.SetupStatus{State: api.SetupNone} // it is not wanted any more
	}
	if !said.Run || was.Ended() && was.Sum == said.Sum {
		s.change(func(known *setupMemory) { *known = setupMemory{was, said.Sum, said.Software} })
		return
	}
	now := s.Now().UTC()
	s.change(func(known *setupMemory) {
		known.Software = said.Software
		known.Status = api.SetupStatus{Sum: said.Sum, State: api.SetupRunning, Since: &now}
	})
	err := s.run(ctx, said)
	if ctx.Err() != nil {
		return // it begins anew
	}
	s.change(func(known *setupMemory) {
		known.Seen = said.Sum
		known.Status = concluded(known.Status, said.Startup.OnError, err)
	})
}

func (s *Setup) rest() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.working = false
}

// none takes it that nothing is to be set up any more: what failed, or was cut short, is
// of settings that are gone. What goes on comes to its end first.
func (s *Setup) none() {
	s.remember()
	s.mu.Lock()
	known, working := s.known, s.working
	s.mu.Unlock()
	stale := known.Status.State == api.SetupRunning || known.Status.State == api.SetupFailed
	if working || !stale && known.Seen == "" && known.Software == nil {
		return
	}
	s.change(func(known *setupMemory) {
		known.Seen, known.Software = "", nil
		if stale {
			known.Status = api.SetupStatus{State: api.SetupNone}
		}
	})
}

// succeeded reports whether the machine can be used as it was set up.
func succeeded(s api.SetupStatus) bool {
	return s.State == api.SetupDone || s.State == api.SetupContinued
}

// concluded is how a set-up ended.
func concluded(status api.SetupStatus, onError string, err error) api.SetupStatus {
	switch {
	case err == nil:
		status.State, status.Note = api.SetupDone, ""
	case onError == api.Fail || errors.Is(err, errNoImage):
		status.State, status.Note = api.SetupFailed, gpu.Clip(err.Error())
	default:
		status.State, status.Note = api.SetupContinued, gpu.Clip(err.Error())
	}
	return status
}

// setupHealth is what a set-up makes of how well a machine is: nobody gets one that it
// failed on.
func setupHealth(status api.SetupStatus, v verdict) verdict {
	if status.State != api.SetupFailed {
		return v
	}
	reason := "The set-up failed: " + status.Note + " Read the machine's log; mend the pool's settings and deploy them."
	if v.reason != "" {
		reason = v.reason + " " + reason
	}
	v.health, v.reason = api.Unhealthy, gpu.Clip(reason)
	return v
}
