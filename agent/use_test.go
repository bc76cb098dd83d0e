package agent_test

import (
	"fmt"
	"log/slog"
	"slices"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// fakePrograms are programs of one process each, with what they used of processors.
type fakePrograms map[string]time.Duration

func (p fakePrograms) Running(names []string) (map[string]agent.Processes, error) {
	out := map[string]agent.Processes{}
	for name, used := range p {
		if slices.Contains(names, name) {
			out[name] = agent.Processes{7: used}
		}
	}
	return out, nil
}

// Of knows the one process that each has: blender's is 7, and began 8.
func (p fakePrograms) Of(process int, _ []string) string {
	if process == 7 || process == 8 {
		return "blender"
	}
	return ""
}

func (*pipeline) Of(int, []string) string { return "" }

// pipeline is a program of several processes.
type pipeline agent.Processes

func (p *pipeline) Running(names []string) (map[string]agent.Processes, error) {
	return map[string]agent.Processes{names[0]: agent.Processes(*p)}, nil
}

// measured is a machine whose use is measured.
type measured struct {
	*agent.Usage
	session  string
	programs fakePrograms
	memory   *fakeMemory
	gpu      uint32 // percent
	host     api.Host
}

func newMeasured() *measured {
	m := &measured{programs: fakePrograms{}, memory: &fakeMemory{}}
	m.restart()
	return m
}

func (m *measured) busy() bool {
	busy, _ := m.Busy()
	return busy
}

func (m *measured) restart() {
	m.Usage = &agent.Usage{
		Programs: m.programs, Session: func() string { return m.session }, Software: func() []string { return []string{"blender", "sleap"} },
		Memory: m.memory, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// pass lets time pass, with a measurement every five seconds.
func (m *measured) pass(d time.Duration) {
	for range d / (5 * time.Second) {
		time.Sleep(5 * time.Second) // in a bubble
		m.Measure([]api.Reading{{UUID: "a", Utilisation: &m.gpu, MemoryUsed: new(uint64(m.gpu) << 30)}, {UUID: "b"}}, &m.host)
	}
}

func TestTheUseOfASessionIsMeasured(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured()
		m.pass(time.Minute)
		now, ended := m.Report()
		require.Nil(t, now, "nobody is here")
		require.Empty(t, ended)

		m.session = "anns"
		m.host = api.Host{MemoryTotal: new(uint64(100)), MemoryAvailable: new(uint64(40)), Load: new(1.5)}
		m.pass(time.Minute)
		m.programs["blender"] = time.Second
		m.gpu = 60
		m.pass(2 * time.Minute)
		m.gpu, m.host.MemoryAvailable = 3, new(uint64(80))
		m.pass(time.Minute)
		delete(m.programs, "blender")
		m.pass(time.Minute)
		now, _ = m.Report()
		require.Equal(t, "anns", now.Session)
		assert.InDelta(t, 300, now.Seconds, 10)
		require.Len(t, now.Software, 1)
		assert.Equal(t, "blender", now.Software[0].Name)
		assert.InDelta(t, 180, now.Software[0].Seconds, 10)
		assert.InDelta(t, 60, now.Software[0].First, 10)
		assert.InDelta(t, 120, *now.GPUActive, 5)
		assert.Equal(t, []any{uint32(60), uint64(60 << 30), uint64(60), 1.5}, []any{*now.GPUPeak, *now.GPUMemory, *now.MemoryPeak, *now.LoadPeak})

		m.session = "bobs"
		m.pass(10 * time.Second)
		bobs, ended := m.Report()
		require.Equal(t, "bobs", bobs.Session)
		assert.LessOrEqual(t, bobs.Seconds, 10)
		require.Len(t, ended, 1)
		now.Ended = true
		assert.Equal(t, *now, ended[0])
		m.Told(ended)
		_, ended = m.Report()
		require.Empty(t, ended)
	})
}

func TestHowLongTheActiveWindowIsASoftwaresIsMeasuredBesideHowLongItRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured()
		var window agent.Window
		known := false
		m.Window = func() (agent.Window, bool) { return window, known }
		m.session, m.programs["blender"] = "anns", time.Second
		m.pass(time.Minute)
		now, _ := m.Report()
		require.Nil(t, now.Software[0].Active, "nobody knows")
		before := now.Software[0].Seconds

		known = true
		for _, w := range []struct {
			window agent.Window
			active bool
		}{
			{agent.Window{Process: 7}, true},
			{agent.Window{Process: 8, Class: []string{"Settings"}}, true}, // one that it began
			{agent.Window{Process: 99, Class: []string{"firefox"}}, false},
			{agent.Window{}, false},
			{agent.Window{Process: 2, Class: []string{"blender", "Blender"}}, true}, // in a sandbox with numbers of its own
			{agent.Window{Class: []string{"Blender"}}, true},
		} {
			window = w.window
			was, _ := m.Report()
			m.pass(time.Minute)
			now, _ = m.Report()
			got := *now.Software[0].Active
			if was.Software[0].Active != nil {
				got -= *was.Software[0].Active
			}
			assert.Equal(t, map[bool]int{true: 60}[w.active], got, "%+v", w.window)
		}
		require.Len(t, now.Software, 1)
		assert.Equal(t, before+360, now.Software[0].Seconds, "how long it ran")
		assert.Equal(t, 240, *now.Software[0].Active)
	})
}

func TestASoftwareWhoseWindowIsActiveRuns(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured() // none is found yet: that is looked for less often
		m.Window = func() (agent.Window, bool) { return agent.Window{Class: []string{"sleap"}}, true }
		m.session = "anns"
		m.pass(10 * time.Second)
		now, _ := m.Report()
		require.Len(t, now.Software, 1)
		assert.Equal(t, []any{"sleap", now.Seconds, now.Seconds}, []any{now.Software[0].Name, now.Software[0].Seconds, *now.Software[0].Active})
	})
}

func TestWhatWasMeasuredSurvivesARestartOfTheAgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured()
		m.session = "anns"
		m.pass(10 * time.Minute)
		m.restart()
		m.session = "" // the allocator has not said yet whose the machine is
		m.pass(20 * time.Second)
		_, ended := m.Report()
		require.Empty(t, ended)
		m.session = "anns"
		m.pass(time.Minute)
		now, ended := m.Report()
		require.Empty(t, ended)
		assert.InDelta(t, 660, now.Seconds, 65)

		m.restart()
		m.session = ""
		m.pass(6 * time.Minute)
		_, ended = m.Report()
		require.Len(t, ended, 1, "nobody came back")
		assert.Equal(t, "anns", ended[0].Session)
	})
}

func TestAProgramIsBusyWhenItComputesAndNotWhenItIsOnlyOpen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured()
		m.session, m.programs["sleap"] = "anns", time.Hour
		m.pass(time.Minute)
		assert.False(t, m.busy(), "it is open")
		m.programs["sleap"] += 5 * time.Second
		m.pass(10 * time.Second)
		assert.True(t, m.busy(), "it computes")
		m.pass(20 * time.Second)
		assert.False(t, m.busy())
		m.gpu = 50
		m.pass(10 * time.Second)
		assert.True(t, m.busy(), "a GPU does")
		m.session = ""
		m.pass(10 * time.Second)
		assert.False(t, m.busy(), "nobody is here")
	})
}

// As where the settings name no programs.
func TestAGPUThatComputesNoMoreIsIdleAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured()
		m.Software = func() []string { return nil }
		m.session, m.gpu = "anns", 50
		m.pass(10 * time.Second)
		require.True(t, m.busy())
		m.gpu = 0
		m.pass(10 * time.Second)
		assert.False(t, m.busy())
	})
}

// As one that is divided: it tells programs where it may be asked, and nothing else.
func TestAGPUThatDoesNotTellItsUseIsBusyWithEachProgramOnIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured()
		m.session = "anns"
		tells := func(readings ...api.Reading) (busy, known bool) {
			time.Sleep(5 * time.Second) // in a bubble
			m.Measure(readings, &m.host)
			return m.Busy()
		}
		is := func(wantBusy, wantKnown bool, readings ...api.Reading) {
			t.Helper()
			busy, known := tells(readings...)
			assert.Equal(t, []bool{wantBusy, wantKnown}, []bool{busy, known})
		}
		is(false, true) // there is no GPU
		is(true, true, api.Reading{UUID: "a", Programs: new(1)})
		is(false, true, api.Reading{UUID: "a", Programs: new(0)})
		is(false, false, api.Reading{UUID: "a"})
		is(true, true, api.Reading{UUID: "a"}, api.Reading{UUID: "b", Utilisation: new(uint32(60))})
		is(false, false) // its driver does not answer
		now, _ := m.Report()
		assert.Equal(t, 5, *now.GPUActive, "how long one computed is told of those that tell it")
	})
}

func TestAMachineThatSleptDidNotWorkMeanwhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured()
		m.session = "anns"
		m.pass(time.Minute)
		time.Sleep(10 * time.Hour) // in a bubble
		m.pass(time.Minute)
		now, _ := m.Report()
		assert.LessOrEqual(t, now.Seconds, 180)
	})
}

func TestOnlySoManySessionsAreKeptForAnAllocatorThatIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured()
		for i := range 20 {
			m.session = string(rune('a' + i))
			m.pass(10 * time.Second)
		}
		_, ended := m.Report()
		require.Len(t, ended, 16)
		assert.Equal(t, "s", ended[15].Session)
	})
}

// Who is told of an ended session, and when it is forgotten, with the whole agent.
func TestASessionThatEndedIsToldUntilTheAllocatorHasHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(), newMeasured()
		w.usage = m.Usage
		var there atomic.Bool // whether she is
		there.Store(true)
		m.Session = func() string {
			if there.Load() {
				return "anns"
			}
			return ""
		}
		w.start(t)
		after(time.Minute)
		require.Equal(t, "anns", w.lastReport(t).Use.Session)
		w.allocator.goAway()
		there.Store(false)
		after(10 * time.Minute)
		w.allocator.change(func() { w.allocator.away = false })
		before := len(w.allocator.now().reports)
		after(3 * time.Minute)
		told := 0
		for _, r := range w.allocator.now().reports[before:] {
			told += len(r.Ended)
		}
		assert.Equal(t, 1, told)
	})
}

// The settings may name others while a session goes on.
func TestOfASessionNoMoreProgramsAreToldThanAReportMayHold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := newMeasured()
		var names []string
		m.Software = func() []string { return names }
		m.session = "anns"
		for day := range 2 {
			names = nil
			for i := range 12 {
				names = append(names, fmt.Sprint("program", day, "-", i))
				m.programs[names[i]] = 0
			}
			m.pass(time.Minute)
		}
		now, _ := m.Report()
		require.Len(t, now.Software, 20)
		assert.True(t, slices.ContainsFunc(now.Software, func(s api.SoftwareUse) bool { return s.Name == "program0-11" && s.Seconds > 30 }))
	})
}

func TestAnAllocatorThatDoesNotUnderstandWhatWasMeasuredIsToldHowTheMachineIs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, m := newWorld(), newMeasured()
		w.usage, w.allocator.noUse = m.Usage, true
		m.session = "anns"
		w.start(t)
		after(5 * time.Minute)
		reports := w.allocator.now().reports
		require.GreaterOrEqual(t, len(reports), 10)
		assert.Nil(t, reports[9].Use)
		assert.Equal(t, 1, w.logs.count("level=ERROR", "leaving out what was measured of sessions"))
	})
}

func TestAPipelineOfShortLivedProcessesIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m, p := newMeasured(), &pipeline{1: time.Hour, 2: time.Hour}
		m.Programs = p
		m.session = "anns"
		m.pass(20 * time.Second)
		require.False(t, m.busy(), "they are open")
		*p = pipeline{1: time.Hour, 3: 8 * time.Second} // one has ended, and another has begun
		m.pass(10 * time.Second)
		require.True(t, m.busy())
		*p = pipeline{1: time.Hour + 5*time.Second}
		m.pass(10 * time.Second)
		require.True(t, m.busy(), "one goes on while another ends")
		*p = pipeline{1: 4 * time.Second}
		m.pass(10 * time.Second)
		require.True(t, m.busy(), "a number that was another's")
		m.pass(10 * time.Second)
		require.False(t, m.busy())
	})
}
