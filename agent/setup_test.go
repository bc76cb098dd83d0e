package agent_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// script is a set-up with a script that is tried three times.
func script(onError string) api.Setup {
	return api.Setup{Sum: "sum-1", Run: true, Startup: api.Startup{Script: "make ready", OnError: onError, MaxAttempts: 3, BaseDelaySeconds: 30}}
}

// settingUp is a world whose machine is set up.
func settingUp(s api.Setup) *world {
	w := newWorld()
	w.runner, w.memory = &fakeRunner{each: time.Second}, &fakeMemory{}
	w.allocator.setup = s
	w.logbook = agent.NewLogbook("run", time.Now)
	return w
}

// setups are the states that were reported, each once in a row.
func (w *world) setups() []string {
	var out []string
	for _, r := range w.allocator.now().reports {
		state := fmt.Sprint(r.Health, " ", r.Setup.State)
		if len(out) == 0 || out[len(out)-1] != state {
			out = append(out, state)
		}
	}
	return out
}

func (w *world) lastReport(t *testing.T) api.Report {
	reports := w.allocator.now().reports
	require.NotEmpty(t, reports)
	return reports[len(reports)-1]
}

func TestAMachineIsSetUpOnceAndTheAllocatorHearsOfEachStep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(api.Fail)
		s.Repository, s.Startup.SuccessCheck, s.Software = "https://example.org/course.git", "test -e done", []string{"blender"}
		w := settingUp(s)
		w.runner.says = []string{"\x1b[31mCloning\x1b[0m"}
		w.start(t)
		after(500 * time.Millisecond)
		said := w.lastReport(t).Setup
		assert.Equal(t, []any{"running", "repository", 1, 3, "Cloning"}, []any{said.State, said.Step, said.Attempt, said.Of, said.Line})
		after(time.Minute)
		assert.Equal(t, []string{"healthy none", "healthy running", "healthy done"}, w.setups())
		var ran []string
		for _, c := range w.runner.ran() {
			ran = append(ran, c.Args[3]+": "+c.Args[2])
			assert.False(t, c.Root)
		}
		require.Len(t, ran, 3)
		assert.Equal(t, []string{"lablink-startup: make ready", "lablink-check: test -e done"}, ran[1:])
		assert.Equal(t, []string{"https://example.org/course.git", "course"}, w.runner.ran()[0].Args[4:])
		assert.Equal(t, []string{"blender"}, w.setup.Software())
		assert.Equal(t, 1, w.allocator.now().setups)

		w.stop()
		w.start(t)
		after(time.Minute)
		assert.Len(t, w.runner.ran(), 3, "once, also when the agent starts again")
		assert.Equal(t, "done", w.lastReport(t).Setup.State)
	})
}

// An agent may be told to show containers while the allocator has no image for it yet.
func TestAMachineThatShowsNothingIsUnhealthyUntilItIsSetUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settingUp(api.Setup{})
		w.shows = func() error {
			if len(w.runner.ran()) == 0 {
				return errors.New("there is no image")
			}
			return nil
		}
		w.start(t)
		after(2 * time.Minute)
		said := w.lastReport(t)
		assert.Equal(t, []any{api.Unhealthy, "The machine shows no desktop: there is no image."}, []any{said.Health, said.Reason})
		w.allocator.change(func() { w.allocator.setup = script(api.Fail) })
		after(2 * time.Minute)
		assert.Equal(t, []string{"healthy none", "unhealthy none", "healthy running", "healthy done"}, w.setups())
	})
}

func TestASetUpIsTriedAgainWithGrowingPauses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settingUp(script(api.Fail))
		bad := errors.New("it ended with status 7")
		w.runner.ends = []error{bad, bad, bad}
		w.start(t)
		after(10 * time.Second)
		said := w.lastReport(t)
		assert.Equal(t, api.Healthy, said.Health, "it is being set up")
		assert.Regexp(t, `^The start-up script did not succeed \(try 1 of 3\): it ended with status 7\. It is tried again in [345]\ds\.$`, said.Setup.Note)
		after(22 * time.Second)
		assert.Len(t, w.runner.ran(), 1, "30 seconds at least")
		after(30 * time.Second)
		assert.Len(t, w.runner.ran(), 2, "60 at most")
		after(2 * time.Minute)
		assert.Len(t, w.runner.ran(), 3)
		said = w.lastReport(t)
		assert.Equal(t, []any{api.Unhealthy, "failed"}, []any{said.Health, said.Setup.State})
		assert.Contains(t, said.Reason, "The set-up failed: The start-up script did not succeed (try 3 of 3): it ended with status 7")
		after(time.Hour)
		assert.Len(t, w.runner.ran(), 3)

		w.allocator.change(func() { w.allocator.setup.Sum, w.allocator.setup.Startup.Script = "sum-2", "mended" })
		after(time.Minute)
		assert.Equal(t, "mended", w.runner.ran()[3].Args[2], "settings that were mended count at once")
		assert.Equal(t, []any{api.Healthy, "done"}, []any{w.lastReport(t).Health, w.lastReport(t).Setup.State})
	})
}

func TestAMachineThatMayDoWithoutItsSetUpIsUsedAndSaysSo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(api.Continue)
		s.Repository, s.Startup.MaxAttempts = "https://example.org/course", 1
		w := settingUp(s)
		w.runner.ends = []error{errors.New("it ended with status 128")}
		w.start(t)
		after(time.Minute)
		said := w.lastReport(t)
		assert.Equal(t, []any{api.Healthy, "continued"}, []any{said.Health, said.Setup.State})
		assert.Equal(t, "The clone of https://example.org/course did not succeed (try 1 of 1): it ended with status 128", said.Setup.Note)
		assert.Len(t, w.runner.ran(), 2, "the script runs all the same")
	})
}

func TestAMachineThatHasServedIsNotSetUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(api.Fail)
		s.Run, s.Software = false, []string{"blender"}
		w := settingUp(s)
		w.start(t)
		after(time.Minute)
		assert.Empty(t, w.runner.ran())
		assert.Equal(t, []string{"healthy none"}, w.setups())
		assert.Equal(t, []string{"blender"}, w.setup.Software())
		assert.Equal(t, 1, w.allocator.now().setups)
	})
}

func TestASetUpThatIsCutShortBeginsAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settingUp(script(api.Fail))
		w.runner.each = time.Minute
		w.start(t)
		after(30 * time.Second)
		require.Len(t, w.runner.ran(), 1)
		w.stop()
		w.start(t)
		after(30 * time.Second)
		assert.Len(t, w.runner.ran(), 2)
		assert.Equal(t, "running", w.lastReport(t).Setup.State)
		after(time.Minute)
		assert.Equal(t, "done", w.lastReport(t).Setup.State)
	})
}

func TestASetUpGoesOnWhileTheAllocatorIsAwayAndIsTakenUpWhenItIsBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settingUp(script(api.Fail))
		w.runner.each = 10 * time.Minute
		w.allocator.setupAnswer = errRefused
		w.start(t)
		after(5 * time.Minute)
		require.Empty(t, w.runner.ran())
		assert.Equal(t, 1, w.logs.count("level=WARN", "ask the allocator what to set up"))
		w.allocator.change(func() { w.allocator.setupAnswer = nil })
		after(2 * time.Minute)
		require.Len(t, w.runner.ran(), 1)
		w.allocator.goAway()
		after(20 * time.Minute)
		w.allocator.change(func() { w.allocator.away = false })
		after(2 * time.Minute)
		assert.Equal(t, "done", w.lastReport(t).Setup.State)
		assert.Len(t, w.runner.ran(), 1)
	})
}

func TestASetUpEndsAtLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(api.Fail)
		s.Startup.MaxAttempts = 10
		w := settingUp(s)
		w.runner.each = 25 * time.Minute
		w.runner.ends = []error{errRefused, errRefused, errRefused}
		w.start(t)
		after(65 * time.Minute)
		assert.Equal(t, "failed", w.lastReport(t).Setup.State)
		assert.Contains(t, w.lastReport(t).Setup.Note, "it takes longer than 60 minutes")
	})
}

func TestOfALongOutputBeginningAndEndAreLogged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settingUp(script(api.Fail))
		for i := range 5000 {
			w.runner.says = append(w.runner.says, fmt.Sprintf("line %d of %s", i, strings.Repeat("x", 50)))
		}
		w.start(t)
		after(time.Minute)
		var lines []string
		for _, b := range w.allocator.now().logs {
			for _, l := range b.Lines {
				if l.Source == "set-up" {
					lines = append(lines, l.Text)
				}
			}
		}
		all := strings.Join(lines, "\n")
		assert.Len(t, lines, 500+1+100+2)
		for _, want := range []string{"line 499 ", "(4400 lines are left out here)", "line 4900 ", "line 4999 "} {
			assert.Contains(t, all, want)
		}
		assert.LessOrEqual(t, len(w.allocator.now().reports), 8, "lines do not make the agent report all the time")
	})
}

// A set-up may end between a look at the machine and the report of it.
func TestNoReportSaysThatASetUpFailedAndTheMachineIsWell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := script(api.Fail)
		s.Startup.MaxAttempts = 1
		w := settingUp(s)
		w.runner.ends = []error{errors.New("it ended with status 7")}
		w.runner.each = 0
		w.start(t)
		after(time.Minute)
		for _, r := range w.allocator.now().reports {
			assert.Equal(t, r.Setup.State == api.SetupFailed, r.Health == api.Unhealthy, "%+v", r)
		}
		assert.Equal(t, "failed", w.lastReport(t).Setup.State)
	})
}

func TestAnUpdateOfTheAgentWaitsUntilTheMachineIsSetUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settingUp(script(api.Fail))
		w.runner.each = 5 * time.Minute
		asked := make(chan string, 10)
		w.follow = func(release string) error { asked <- release; return nil }
		w.start(t)
		after(time.Minute)
		w.allocator.change(func() { w.allocator.release = "bbb" })
		after(3 * time.Minute)
		assert.Empty(t, asked)
		after(2 * time.Minute)
		assert.Len(t, asked, 1)
	})
}

func TestASetUpThatDidNotSucceedIsForgottenWhenNothingIsToBeSetUpAnyMore(t *testing.T) {
	for what, settings := range map[string]api.Setup{"nothing": {}, "programs alone": {Sum: "sum-2", Software: []string{"blender"}}} {
		synctest.Test(t, func(t *testing.T) {
			w := settingUp(script(api.Fail))
			w.runner.ends = []error{errRefused, errRefused, errRefused}
			w.start(t)
			after(10 * time.Minute)
			require.Equal(t, "failed", w.lastReport(t).Setup.State)
			w.allocator.change(func() { w.allocator.setup = settings })
			after(time.Minute)
			said := w.lastReport(t)
			assert.Equal(t, []any{api.Healthy, "none", ""}, []any{said.Health, said.Setup.State, said.Setup.Note}, what)
			assert.Equal(t, settings.Software, w.setup.Software(), what)
			before := len(w.allocator.now().reports)
			after(5 * time.Minute)
			assert.LessOrEqual(t, len(w.allocator.now().reports)-before, 11, "and that is told once")
		})
	}
}

func TestASetUpThatWasCutShortAndIsNotWantedAnyMoreHoldsNothingBack(t *testing.T) {
	for what, settings := range map[string]api.Setup{"nothing": {}, "programs alone": {Sum: "sum-2", Software: []string{"blender"}}} {
		synctest.Test(t, func(t *testing.T) {
			w := settingUp(script(api.Fail))
			w.runner.each = 5 * time.Minute
			asked := make(chan string, 10)
			w.follow = func(release string) error { asked <- release; return nil }
			w.start(t)
			after(time.Minute)
			w.allocator.change(func() { w.allocator.setup, w.allocator.release = settings, "bbb" })
			after(time.Minute)
			assert.Equal(t, "running", w.lastReport(t).Setup.State, "what goes on comes to its end")
			w.stop()
			w.start(t)
			after(2 * time.Minute)
			assert.Equal(t, "none", w.lastReport(t).Setup.State, what)
			assert.Len(t, asked, 1, what)
			assert.Len(t, w.runner.ran(), 1, what)
		})
	}
}

func TestASetUpThatSucceededIsKnownAlsoWhenNothingIsToBeSetUpAnyMore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settingUp(script(api.Fail))
		w.start(t)
		after(time.Minute)
		w.allocator.change(func() { w.allocator.setup = api.Setup{} })
		after(time.Minute)
		assert.Equal(t, "done", w.lastReport(t).Setup.State)
		w.allocator.change(func() { w.allocator.setup = script(api.Fail) })
		after(time.Minute)
		assert.Len(t, w.runner.ran(), 1)
	})
}

func TestAnUpdateOfTheAgentWaitsForTheSetUpThatTheSameAnswerBrings(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := settingUp(script(api.Fail))
		w.runner.each = 5 * time.Minute
		w.allocator.release = "bbb"
		asked := make(chan string, 10)
		w.follow = func(release string) error { asked <- release; return nil }
		w.start(t)
		after(4 * time.Minute)
		assert.Empty(t, asked)
		after(2 * time.Minute)
		assert.Len(t, asked, 1)
	})
}
