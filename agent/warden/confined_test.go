package warden_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	"github.com/talmolab/lablink-infrastructure/agent/warden"
)

// root writes down what runs as root.
type root struct{ ran []agent.Command }

func (r *root) Run(ctx context.Context, c agent.Command, _ func(string)) error {
	r.ran = append(r.ran, c)
	return errors.Join(ctx.Err(), errors.New("it ended with status 1"))
}

func TestWhatConnectsASessionIsConfinedAndLeavesNothingRunning(t *testing.T) {
	r, m := &root{}, &machine{}
	c := agent.Command{Args: []string{"/opt/start-host", "--code=4/x"}, Env: []string{"A=b"}, Input: "012345\n", Limit: time.Minute}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorContains(t, warden.Confined{Root: r, Units: m}.Run(ctx, c, nil), "it ended with status 1")
	require.Equal(t, []string{"stop lablink-remote-start.service"}, next(m), "whoever asked may be gone")
	ran := r.ran[0]
	require.True(t, ran.Root)
	require.Equal(t, c.Input, ran.Input, "the PIN is on no command line")
	require.Equal(t, c.Limit, ran.Limit)
	require.Equal(t, "systemd-run", ran.Args[0])
	command := slices.Index(ran.Args, "--")
	require.Equal(t, c.Args, ran.Args[command+1:])
	for _, property := range append(warden.Confinement(), "User=lablink-session") {
		require.Contains(t, ran.Args[:command], "--property="+property)
	}
	require.Contains(t, ran.Args[:command], "--setenv=A=b")
	require.Contains(t, ran.Args[:command], "--description=Connect a participant's desktop", "no code is in the log")
}
