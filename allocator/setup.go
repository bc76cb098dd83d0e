package allocator

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// setupLimit is how long a machine may be set up: longer than an agent gives itself.
const setupLimit = 75 * time.Minute

// Summed is what machines are set up with, with its sum. Nothing has none.
func Summed(s api.Setup) api.Setup {
	s.Sum, s.Run = "", false
	if s.Container == "" && s.Repository == "" && s.Startup.Script == "" && len(s.Software) == 0 {
		return s
	}
	raw, err := json.Marshal(s)
	if err != nil { // it is text and numbers
		panic(err)
	}
	sum := sha256.Sum256(raw)
	s.Sum = hex.EncodeToString(sum[:])
	return s
}

// setsUp reports whether a pool's machines are set up before anybody gets them.
func (p Pool) setsUp() bool {
	return p.Setup.Container != "" || p.Setup.Repository != "" || p.Setup.Startup.Script != ""
}

// poolOf is the pool whose settings count for a machine: of somebody's own machine its
// workshop's.
func (s *Service) poolOf(ctx context.Context, m Machine) (Pool, error) {
	name := m.Pool
	if m.Own() {
		w, err := s.Store.Workshop(ctx, m.WorkshopID)
		if err != nil {
			return Pool{}, err
		}
		name = w.Pool
	}
	pool, _ := s.Pool(name) // one that is gone sets nothing up
	return pool, nil
}

// Setup is what the machine of an agent is set up with. NotFound where that is nothing.
func (s *Service) Setup(ctx context.Context, a Agent) (api.Setup, error) {
	m, err := s.Store.Machine(ctx, a.MachineID)
	if err != nil {
		return api.Setup{}, err
	}
	pool, err := s.poolOf(ctx, m)
	if err != nil {
		return api.Setup{}, err
	}
	out := pool.Setup
	if out.Sum == "" {
		return out, api.Problemf(api.NotFound, "Nothing is set up", "The settings of the machine's pool have no container, no repository, no script and no software.")
	}
	out.Run = m.ReadyAt.IsZero() && pool.setsUp()
	return out, nil
}

// settingUp keeps what a report says of how the machine is set up, and reports whether
// nobody is to get the machine yet for that. An agent that speaks of none, of an older
// release, is not waited for.
func (s *Service) settingUp(ctx context.Context, m Machine, pool Pool, r api.Report) (waits bool, err error) {
	if r.Setup == nil {
		return false, nil
	}
	said := *r.Setup
	said.Step, said.Note, said.Line = oneLine(said.Step), oneLine(said.Note), oneLine(said.Line)
	was := m.Setup
	over := was.Ended() && was.Sum == said.Sum // what comes after it is no news
	if !over && !sameSetup(said, was) && newsOf(said, was) {
		told := ""
		if said.State != was.State && said.Sum == pool.Setup.Sum {
			told = setupTold(said, s.Now())
		}
		if err := s.Store.KeepSetup(ctx, m.ID, said, told, s.Now()); err != nil {
			return false, fmt.Errorf("keep how %s is set up: %w", m.ID, err)
		}
	}
	unfit := said.Sum != pool.Setup.Sum || !said.Ended() || said.State == api.SetupFailed
	return pool.setsUp() && m.ReadyAt.IsZero() && unfit && r.Health != api.Unhealthy, nil
}

// newsOf reports whether what is said counts after what was: that there is no set-up does
// where one did not succeed, and its settings are gone.
func newsOf(said, was api.SetupStatus) bool {
	return said.State != api.SetupNone || was.State == api.SetupRunning || was.State == api.SetupFailed
}

func sameSetup(a, b api.SetupStatus) bool {
	since := a.Since == nil && b.Since == nil || a.Since != nil && b.Since != nil && a.Since.Equal(*b.Since)
	a.Since, b.Since = nil, nil
	return since && a == b
}

// setupTold is what a machine's timeline tells of its set-up.
func setupTold(s api.SetupStatus, now time.Time) string {
	switch s.State {
	case api.SetupRunning:
		return "it is being set up"
	case api.SetupDone:
		took := ""
		if s.Since != nil {
			took = fmt.Sprintf(", after %d seconds", int(max(0, now.Sub(*s.Since)).Seconds()))
		}
		return "it is set up" + took
	case api.SetupContinued:
		return "its set-up did not succeed, and it is used all the same: " + s.Note
	case api.SetupFailed:
		return "its set-up failed: " + s.Note
	}
	return ""
}

// SettingUp says for people what a machine is set up with at the moment, or "".
func SettingUp(s api.SetupStatus) string {
	if s.State != api.SetupRunning {
		return ""
	}
	what, known := map[string]string{
		"image":      "it is being set up: the desktop's image is fetched",
		"repository": "it is being set up: the repository is cloned",
		"startup":    "it is being set up: the start-up script runs",
	}[s.Step]
	if !known {
		return "it is being set up"
	}
	if s.Attempt > 1 {
		what += fmt.Sprintf(" (try %d of %d)", s.Attempt, s.Of)
	}
	return what
}

// mends reports whether a machine was unhealthy for what is over once its agent reports
// that it is well: what it said of itself, or its silence. One that took too long is not.
func (m Machine) mends(now time.Time) bool {
	return m.Health == api.Unhealthy || m.HeardAt.IsZero() || m.silent(now)
}

// bootBound is how long a machine may be booting at most, and what is said when it is longer.
func (m Machine) bootBound() (limit time.Duration, why string) {
	if !m.HeardAt.IsZero() { // what is heard of and not set up would be ready
		return setupLimit, fmt.Sprintf("it was not set up within %d minutes; read its log", int(setupLimit.Minutes()))
	}
	return bootLimit, fmt.Sprintf("its agent was not heard of for %d minutes after the launch; look at its console", int(bootLimit.Minutes()))
}
