package agent_test

import (
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/api"
)

// texts are the lines of batches, with the number of each batch.
func texts(batches []api.LogBatch) (out []string) {
	for _, b := range batches {
		for _, line := range b.Lines {
			out = append(out, fmt.Sprintf("%d %s", b.Number, line.Text))
		}
	}
	return out
}

func TestWhatIsLoggedIsSentAndKeptWhileTheAllocatorIsAway(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.logbook = agent.NewLogbook("run-1", time.Now)
		w.logbook.Add("info", "agent", "one")
		w.start(t)
		time.Sleep(time.Minute)
		require.Equal(t, []string{"1 one"}, texts(w.allocator.now().logs))
		require.Equal(t, "run-1", w.allocator.now().logs[0].Run)

		w.allocator.goAway()
		for i := range 2500 {
			w.logbook.Add("info", "agent", fmt.Sprint(i))
		}
		time.Sleep(10 * time.Minute)
		require.Len(t, w.allocator.now().logs, 1)
		w.allocator.change(func() { w.allocator.away = false })
		time.Sleep(5 * time.Minute)
		logs := w.allocator.now().logs[1:]
		lines, lost := 0, 0
		for i, b := range logs {
			require.Equal(t, int64(i+2), b.Number)
			require.LessOrEqual(t, len(b.Lines), api.MaxLogLines)
			lines, lost = lines+len(b.Lines), lost+b.Lost
		}
		require.Equal(t, 2500, lines+lost)
		require.LessOrEqual(t, lines, 2000+api.MaxLogLines)
		last := logs[len(logs)-1].Lines
		require.Equal(t, "2499", last[len(last)-1].Text)

		w.allocator.goAway()
		for range 1000 {
			w.logbook.Add("info", "agent", strings.Repeat("x", api.MaxLogLine))
		}
		w.allocator.change(func() { w.allocator.away = false })
		time.Sleep(5 * time.Minute)
		bytes := 0
		for _, b := range w.allocator.now().logs[1+len(logs):] {
			for _, line := range b.Lines {
				bytes += len(line.Text)
			}
		}
		require.Greater(t, bytes, 256<<10)
		require.LessOrEqual(t, bytes, 512<<10+200*api.MaxLogLine)
	})
}

// Each update and each reboot ends the agent: the lines before say why.
func TestAnAgentThatEndsSendsWhatItLoggedLast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.logbook = agent.NewLogbook("run", time.Now)
		w.start(t)
		time.Sleep(time.Minute)
		w.logbook.Add("warn", "agent", "this machine boots again")
		w.stop()
		require.Contains(t, texts(w.allocator.now().logs), "1 this machine boots again")
	})
}

func TestAnAgentThatEndsDoesNotWaitForAnAllocatorThatHangs(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.logbook = agent.NewLogbook("run", time.Now)
		w.start(t)
		time.Sleep(time.Minute)
		w.allocator.change(func() { w.allocator.hangs = true })
		w.logbook.Add("info", "agent", "one")
		began := time.Now()
		w.stop()
		require.LessOrEqual(t, time.Since(began), 2*time.Second)
		require.Equal(t, 1, w.logs.count("what was logged last was not sent"))
	})
}

// A batch whose answer is lost is the same again; one that is never taken is left out.
func TestABatchIsTheSameUntilItIsTaken(t *testing.T) {
	for name, c := range map[string]struct {
		answer error
		again  bool
	}{
		"no answer":            {errors.New("broken pipe"), true},
		"an allocator of old":  {api.Problemf(api.NotFound, "No such page", ""), false},
		"not what it can read": {api.Problemf(api.Invalid, "No", ""), false},
		"too many":             {api.Problemf(api.RateLimited, "Slower", ""), true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld()
				w.logbook = agent.NewLogbook("run", time.Now)
				w.allocator.logAnswer = c.answer
				w.logbook.Add("info", "agent", "one")
				w.start(t)
				time.Sleep(time.Minute)
				w.logbook.Add("info", "agent", "two")
				time.Sleep(5 * time.Minute)
				got := w.allocator.now().logs
				if !c.again {
					require.Equal(t, []string{"1 one", "2 two"}, texts(got))
					return
				}
				require.Greater(t, len(got), 2)
				for _, b := range got {
					require.Equal(t, []string{"1 one"}, texts([]api.LogBatch{b}))
				}
				w.allocator.change(func() { w.allocator.logAnswer = nil })
				time.Sleep(5 * time.Minute)
				all := texts(w.allocator.now().logs)
				require.Equal(t, "2 two", all[len(all)-1])
			})
		})
	}
}

func TestALogbookHoldsWhatALoggerSays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.logbook = agent.NewLogbook("run", time.Now)
		var beside strings.Builder
		log := slog.New(w.logbook.Handler("lablink-agent", slog.NewJSONHandler(&beside, nil)))
		log.Debug("is not logged")
		log.With("gpu", "GPU-1").WithGroup("at").Warn("hot \x1b[31mred\x1b[0m", "celsius", 95)
		log.Error("two\nlines", "error", strings.Repeat("é", 3000))
		w.start(t)
		time.Sleep(time.Minute)
		lines := w.allocator.now().logs[0].Lines
		require.Len(t, lines, 2)
		require.Equal(t, []string{"warn", "lablink-agent", "hot"}, []string{lines[0].Level, lines[0].Source, strings.Fields(strings.Trim(lines[0].Text, `"`))[0]})
		require.Contains(t, lines[0].Text, "gpu=GPU-1 at.celsius=95")
		require.Equal(t, "error", lines[1].Level)
		require.LessOrEqual(t, len(lines[1].Text), api.MaxLogLine)
		require.True(t, strings.HasSuffix(lines[1].Text, "é…"))
		require.Contains(t, beside.String(), `"celsius":95`)
		w.logbook.Add("info", "script", "\x1b[1;32mgreen\x1b[0m\r\x07 \xff")
		time.Sleep(time.Minute)
		all := texts(w.allocator.now().logs)
		require.Equal(t, "2 green �", all[len(all)-1])
	})
}

func TestWhatTerminalsTakeForMoreThanTextIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld()
		w.logbook = agent.NewLogbook("run", time.Now)
		for _, line := range []string{
			"\x1b[1;32mok\x1b[0m", "\x1b[38:2:1:2:3mok", "\x1b]0;a title\x07ok", "\x1b]8;;https://example.org\x1b\\ok\x1b]8;;\x1b\\", "\x1b(Bok", "\x1b[?25l\x1b[2Kok", "\x1bPdevice\x1b\\ok", "o\x07k\x9b\b",
		} {
			w.logbook.Add("info", "test", line)
		}
		w.start(t)
		after(0)
		for _, line := range w.allocator.now().logs[0].Lines {
			if line.Source == "test" {
				require.Contains(t, []string{"ok", "ok�"}, line.Text)
			}
		}
	})
}
