package process_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/process"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// run runs a script of bash in a home of its own, and returns what it wrote.
func run(t *testing.T, script string, c agent.Command) (lines []string, home string, err error) {
	t.Helper()
	home = filepath.Join(t.TempDir(), "home")
	c.Args = append([]string{"/bin/bash", "-c", script, "a-name"}, c.Args...)
	if c.Limit == 0 {
		c.Limit = time.Minute
	}
	err = process.Runner{Home: home}.Run(t.Context(), c, func(line string) { lines = append(lines, line) })
	return lines, home, err
}

func TestAScriptRunsInTheHomeWithWhatSessionsHave(t *testing.T) {
	lines, home, err := run(t, `pwd; echo "$HOME $1 $EXTRA ${LABLINK_SECRET:-none}"; echo bad >&2; touch here`, agent.Command{Args: []string{"a b"}, Env: []string{"EXTRA=yes"}})
	require.NoError(t, err)
	assert.Equal(t, []string{home, home + " a b yes none", "bad"}, lines)
	assert.FileExists(t, filepath.Join(home, "here"))
}

func TestWhatTheAgentKnowsIsNotInAScriptsEnvironment(t *testing.T) {
	t.Setenv("LABLINK_SECRET", "hidden")
	lines, _, err := run(t, "env", agent.Command{})
	require.NoError(t, err)
	assert.NotContains(t, strings.Join(lines, "\n"), "hidden")
}

func TestAnyScriptRunsAsItIsWritten(t *testing.T) {
	text := "a 'single' and a \"double\" quote, $HOME, $(false), `false`, %s, \\n, {{x}}, ü ✓"
	script := "cat <<'END'\n" + text + "\nEND\n"
	script += strings.Repeat("# a long comment that nobody reads\n", 100<<10/35)
	script = script[:100<<10-20] + "\necho the end"
	require.Greater(t, len(script), 100_000)
	lines, _, err := run(t, script, agent.Command{})
	require.NoError(t, err)
	assert.Equal(t, []string{text, "the end"}, lines)
}

func TestHowAScriptEndedIsToldInWords(t *testing.T) {
	for script, want := range map[string]string{
		"exit 7":        "it ended with status 7",
		"kill -TERM $$": "it was ended by the signal terminated",
	} {
		_, _, err := run(t, script, agent.Command{})
		assert.EqualError(t, err, want)
	}
	err := process.Runner{Home: t.TempDir()}.Run(t.Context(), agent.Command{Args: []string{"/does/not/exist"}, Limit: time.Minute}, func(string) {})
	assert.ErrorContains(t, err, "it cannot be run")
	err = process.Runner{Home: t.TempDir(), User: "nobody-has-this-name"}.Run(t.Context(), agent.Command{Args: []string{"true"}, Limit: time.Minute}, func(string) {})
	assert.ErrorContains(t, err, "nobody-has-this-name")
}

// gone waits until a process is no more, which the kernel does by itself.
func gone(t *testing.T, pid string) {
	t.Helper()
	n, err := strconv.Atoi(pid)
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		raw, err := os.ReadFile(filepath.Join("/proc", pid, "stat"))
		return syscall.Kill(n, 0) != nil || err == nil && strings.Contains(string(raw), ") Z ")
	}, time.Minute, time.Millisecond)
}

func TestAScriptThatTakesTooLongEndsWithAllThatItStarted(t *testing.T) {
	var lines []string
	for limit := 300 * time.Millisecond; len(lines) == 0; limit *= 2 { // a busy computer needs a while to begin it
		var err error
		lines, _, err = run(t, "sleep 1000 & echo $!; wait", agent.Command{Limit: limit})
		require.EqualError(t, err, fmt.Sprintf("it took longer than %s and was ended", limit))
		require.Less(t, limit, time.Minute, "it never began")
	}
	gone(t, lines[0])
}

func TestAScriptEndsWithTheAgent(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var child string
	err := process.Runner{Home: t.TempDir()}.Run(ctx, agent.Command{Args: []string{"/bin/bash", "-c", "sleep 1000 & echo $!; wait"}, Limit: time.Hour}, func(line string) {
		child = line
		cancel()
	})
	require.ErrorContains(t, err, "it was cut short")
	gone(t, child)
}

func TestWhatAFailedScriptLeftRunningEnds(t *testing.T) {
	lines, _, err := run(t, "sleep 1000 >/dev/null 2>&1 & echo $!; exit 1", agent.Command{})
	require.Error(t, err)
	gone(t, lines[0])
}

func TestWhatAScriptStartedForGoodGoesOn(t *testing.T) {
	lines, _, err := run(t, "sleep 1000 >/dev/null 2>&1 & echo $!", agent.Command{})
	require.NoError(t, err)
	pid, err := strconv.Atoi(lines[0])
	require.NoError(t, err)
	require.NoError(t, syscall.Kill(pid, 0))
	require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
}

func TestLinesAreBoundedAndOfProgressTheLastStateCounts(t *testing.T) {
	lines, _, err := run(t, `printf '10%%\r20%%\r100%%\n\nwindows\r\n'; head -c 100000 /dev/zero | tr '\0' x; printf '\nno end'`, agent.Command{})
	require.NoError(t, err)
	require.Len(t, lines, 4)
	assert.Equal(t, []string{"100%", "windows", "no end"}, []string{lines[0], lines[1], lines[3]})
	assert.Len(t, lines[2], 4000)
}

// As on a computer that stands still just then, or where who is told is busy.
func TestWhatAScriptWroteBeforeItEndedIsToldHoweverLongThatTakes(t *testing.T) {
	for name, c := range map[string]struct{ script, want string }{
		"it ends":                     {"echo one; sleep 0.5; echo two", ""},
		"it fails":                    {"echo one; sleep 0.5; echo two; exit 3", "it ended with status 3"},
		"it leaves something running": {"sleep 1000 & echo $! >child; echo one; sleep 0.5; echo two", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := t.TempDir()
			t.Cleanup(func() {
				if child, err := os.ReadFile(filepath.Join(home, "child")); err == nil {
					pid, err := strconv.Atoi(strings.TrimSpace(string(child)))
					require.NoError(t, err)
					require.NoError(t, syscall.Kill(pid, syscall.SIGKILL))
				}
			})
			var lines []string
			err := process.Runner{Home: home}.Run(t.Context(), agent.Command{Args: []string{"/bin/bash", "-c", c.script}, Limit: time.Minute}, func(line string) {
				if lines = append(lines, line); line == "one" {
					time.Sleep(process.Drain + 2*time.Second)
				}
			})
			if c.want == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.want)
			}
			assert.Equal(t, []string{"one", "two"}, lines)
		})
	}
}

func TestAsRootAScriptRunsAsWhoItIsToldTo(t *testing.T) {
	home := filepath.Join(t.TempDir(), "home")
	require.NoError(t, os.Chmod(filepath.Dir(filepath.Dir(home)), 0o755))
	require.NoError(t, os.Chmod(filepath.Dir(home), 0o755))
	var lines []string
	err := process.Runner{Home: home, User: "nobody"}.Run(t.Context(), agent.Command{Args: []string{"/bin/bash", "-c", "id -un; echo $USER; touch here"}, Limit: time.Minute},
		func(line string) { lines = append(lines, line) })
	if os.Getuid() != 0 {
		require.ErrorContains(t, err, "run the agent as root")
		return
	}
	require.NoError(t, err)
	assert.Equal(t, []string{"nobody", "nobody"}, lines)
}
