package process_test

import (
	"context"
	"encoding/json"
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

// remote runs commands in another place.
func remote(t *testing.T) process.Remote {
	s := httptest.NewServer(process.Handler(process.Runner{Home: t.TempDir()}))
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
	reads := bash("cat")
	reads.Input = "three\n"
	require.NoError(t, r.Run(t.Context(), reads, said))
	assert.Equal(t, "three", lines[2])
	require.EqualError(t, r.Run(t.Context(), bash("exit 3"), said), "it ended with status 3")
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
	refusing := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		p := api.Problemf(api.Forbidden, "Somebody has had this machine", "")
		w.WriteHeader(p.HTTP)
		assert.NoError(t, json.NewEncoder(w).Encode(p))
	}))
	defer refusing.Close()
	err := process.Remote{URL: refusing.URL, HTTP: refusing.Client()}.Run(t.Context(), bash("true"), nil)
	assert.Equal(t, api.Forbidden, api.CodeOf(err))
	require.ErrorContains(t, err, "Somebody has had this machine")

	s := httptest.NewServer(http.NotFoundHandler())
	r := process.Remote{URL: s.URL, HTTP: s.Client()}
	require.ErrorContains(t, r.Run(t.Context(), bash("true"), nil), "404")
	s.Close()
	require.ErrorContains(t, r.Run(t.Context(), bash("true"), nil), "it cannot be run")
}
