package process_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/process"
	"github.com/talmolab/lablink-infrastructure/api"
)

// remote runs commands in another place, where nothing runs as root.
func remote(t *testing.T) process.Remote {
	s := httptest.NewServer(process.Handler(process.Runner{Home: t.TempDir()}, func(c agent.Command) error {
		if c.Root {
			return errors.New("somebody has used this machine")
		}
		return nil
	}))
	t.Cleanup(s.Close)
	return process.Remote{URL: s.URL, HTTP: s.Client()}
}

func bash(script string) agent.Command {
	return agent.Command{Args: []string{"/bin/bash", "-c", script}, Limit: time.Minute}
}

func TestACommandRunsElsewhereAsItWouldHere(t *testing.T) {
	r := remote(t)
	var lines []string
	said := func(line string) { lines = append(lines, line) }
	script := "echo one; echo \"it's \\`two\\`\" >&2\n#" + strings.Repeat("\x01<", 50<<10)
	require.NoError(t, r.Run(t.Context(), bash(script), said))
	assert.Equal(t, []string{"one", "it's `two`"}, lines)
	require.EqualError(t, r.Run(t.Context(), bash("exit 3"), said), "it ended with status 3")
	root := bash("true")
	root.Root = true
	err := r.Run(t.Context(), root, said)
	assert.Equal(t, api.Forbidden, api.CodeOf(err))
	assert.ErrorContains(t, err, "somebody has used this machine")
	assert.Equal(t, api.Invalid, api.CodeOf(r.Run(t.Context(), agent.Command{Limit: time.Second}, said)))
}

func TestACommandElsewhereEndsWithWhoAskedForIt(t *testing.T) {
	r := remote(t)
	ctx, cancel := context.WithCancel(t.Context())
	var child string
	err := r.Run(ctx, bash("sleep 1000 & echo $!; wait"), func(line string) {
		child = line
		cancel()
	})
	require.Error(t, err)
	gone(t, child)
}

func TestWhoCannotBeAskedIsSaid(t *testing.T) {
	s := httptest.NewServer(http.NotFoundHandler())
	r := process.Remote{URL: s.URL, HTTP: s.Client()}
	require.ErrorContains(t, r.Run(t.Context(), bash("true"), nil), "404")
	s.Close()
	require.ErrorContains(t, r.Run(t.Context(), bash("true"), nil), "it cannot be run")
}
