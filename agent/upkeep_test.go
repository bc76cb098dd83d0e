package agent_test

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
)

// fakeShower says how what shows the session is.
type fakeShower struct {
	mu    sync.Mutex
	shown *agent.Shown
	err   error
	asked int
	told  int           // how often for lines
	slow  time.Duration // how long those take
}

func (s *fakeShower) Shown(context.Context) (*agent.Shown, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked++
	if s.shown == nil {
		return nil, s.err
	}
	shown := *s.shown
	return &shown, s.err
}

func (s *fakeShower) Last(ctx context.Context) ([]agent.Line, error) {
	s.mu.Lock()
	s.told++
	slow := s.slow
	s.mu.Unlock()
	select { // nothing is locked meanwhile
	case <-ctx.Done():
		return nil, ctx.Err()
	case <-time.After(slow):
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return []agent.Line{{Source: "lablink-container", Text: "cannot write ~/.vnc"}}, s.err
}

func (s *fakeShower) say(shown *agent.Shown, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shown, s.err = shown, err
}

// shownBy is a world whose desktop has a session, which a shower knows of.
func shownBy(t *testing.T, shower *fakeShower) (*world, *agent.Sessions, *fakeDesktop) {
	t.Helper()
	w, d := newWorld(), &fakeDesktop{}
	s := agent.NewSessions(d)
	s.Leaving = func() { t.Error("nobody leaves: what is being collected goes on") }
	s.Memory = &fakeMemory{}
	require.NoError(t, s.Memory.Keep("orders", map[string]any{"session": "anns"})) // as after a restart
	w.logbook = agent.NewLogbook("run", time.Now)
	w.upkeep = &agent.Upkeep{Sessions: s, Shower: shower, Said: w.logbook.Add, Log: slog.New(slog.NewTextHandler(w.logs, nil))}
	require.NoError(t, s.Start(t.Context(), "anns", 3))
	return w, s, d
}

func TestADesktopThatWasGivenUpIsToldAndStartedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shower := &fakeShower{shown: &agent.Shown{Session: "anns"}}
		w, s, d := shownBy(t, shower)
		w.start(t)
		after(time.Minute)
		require.Equal(t, "anns", s.Status().ID)
		shower.say(&agent.Shown{Session: "anns", GivenUp: true, Restarts: 29}, nil)
		after(35 * time.Second)
		status := s.Status()
		require.Empty(t, status.ID, "so the allocator orders it again")
		require.Equal(t, "The desktop ended too often, and was given up.", status.Trouble)
		require.Equal(t, "anns", s.Held(), "and what was done in it goes on to count")
		after(time.Minute)
		require.Contains(t, texts(w.allocator.now().logs), "1 cannot write ~/.vnc")
		require.Equal(t, 1, shower.told)

		shower.say(&agent.Shown{Session: "anns"}, nil)
		require.NoError(t, s.Start(t.Context(), "anns", 3))
		require.Equal(t, []string{"start anns", "start anns"}, d.asked)
		require.Empty(t, s.Status().Trouble)
		shower.say(&agent.Shown{Session: "anns", GivenUp: true, Restarts: 29}, nil)
		after(35 * time.Second)
		require.Empty(t, s.Status().ID)
		require.Equal(t, 1, shower.told, "the same again so soon says nothing new")
		s.Leaving = nil
		require.NoError(t, s.End(t.Context(), "", 4), "and it ends as any other, once its seat has ended")
	})
}

// The machine may be too busy to read its log at once, as one whose disk is full.
func TestLastLinesThatAreSlowToComeAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shower := &fakeShower{shown: &agent.Shown{Session: "anns"}, slow: time.Minute}
		w, _, _ := shownBy(t, shower)
		w.start(t)
		shower.say(&agent.Shown{Session: "anns", GivenUp: true, Restarts: 29}, nil)
		looks := w.looks.Load()
		after(time.Minute)
		require.GreaterOrEqual(t, w.looks.Load()-looks, int64(time.Minute/lookEvery), "the GPUs are looked at meanwhile")
		shower.mu.Lock()
		shower.slow = 10 * time.Second
		shower.mu.Unlock()
		after(2 * time.Minute)
		require.Contains(t, texts(w.allocator.now().logs), "1 cannot write ~/.vnc", "it is asked again, and waited for")
	})
}

func TestADesktopThatEndsAgainAndAgainIsInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shower := &fakeShower{shown: &agent.Shown{Session: "anns"}}
		w, s, _ := shownBy(t, shower)
		w.start(t)
		for restarts := range 10 {
			shower.say(&agent.Shown{Session: "anns", Restarts: restarts}, nil)
			after(31 * time.Second)
		}
		require.Equal(t, "anns", s.ID(), "it is shown, now and then")
		require.Equal(t, 1, w.logs.count("the desktop ended, and was started again"))
		require.Equal(t, 1, shower.told)
		after(2 * time.Minute)
		require.LessOrEqual(t, shower.asked, 16, "it is asked twice a minute at most")
	})
}

func TestWhyADesktopDoesNotStartIsInTheLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shower := &fakeShower{}
		w, s, d := shownBy(t, shower)
		s.Leaving = nil
		require.NoError(t, s.End(t.Context(), "anns", 4))
		d.err = errors.New("the unit does not start")
		w.start(t)
		after(time.Minute)
		require.Zero(t, shower.told, "nobody is there")
		require.Error(t, s.Start(t.Context(), "bobs", 5))
		after(9 * time.Minute)
		require.Equal(t, 1, shower.told)
		require.Contains(t, texts(w.allocator.now().logs), "1 cannot write ~/.vnc")
		require.Zero(t, shower.asked, "nothing is shown")
	})
}

func TestWhoCannotBeAskedWhetherADesktopIsShownIsNoTrouble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		shower := &fakeShower{}
		w, s, _ := shownBy(t, shower)
		w.start(t)
		after(2 * time.Minute)
		require.Zero(t, w.logs.count("still shown"), "as a warden of an earlier release")
		shower.say(nil, errors.New("no socket"))
		after(5 * time.Minute)
		require.Equal(t, 1, w.logs.count("cannot look whether the desktop is still shown", "no socket"))
		shower.say(&agent.Shown{Session: "bobs", GivenUp: true}, nil)
		after(time.Minute)
		require.Equal(t, 1, w.logs.count("again able to look whether the desktop is still shown"))
		require.Equal(t, "anns", s.Status().ID, "it is of another session")
		require.Empty(t, s.Status().Trouble)
	})
}
