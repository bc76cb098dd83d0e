package tunnel_test

import (
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/agent"
	agentweb "github.com/talmolab/lablink-infrastructure/agent/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// desktop fails to start while err is set.
type desktop struct{ err error }

func (d *desktop) Kind() string                        { return "vnc" }
func (d *desktop) Start(context.Context, string) error { return d.err }
func (d *desktop) End(context.Context, string) error   { return nil }

func (d *desktop) Idle(context.Context) (time.Duration, bool) { return time.Minute, true }

// looked is a machine that shows its session.
type looked struct{ *agent.Sessions }

func (l looked) Status() api.Status { return api.Status{Session: l.Sessions.Status()} }

func TestASessionIsStartedAndEndedThroughTheTunnel(t *testing.T) {
	w := newWorld(t)
	require.Equal(t, api.Unavailable, api.CodeOf(w.StartSession(t.Context(), "mch_1", "one", 0)))
	d := &desktop{}
	sessions := agent.NewSessions(d)
	w.dial(t, "mch_1", agentweb.Handler(looked{sessions}, agentweb.WithSessions(sessions)))
	require.True(t, w.next(t).up)

	require.NoError(t, w.StartSession(t.Context(), "mch_1", "one", 0))
	status, err := w.Status(t.Context(), "mch_1")
	require.NoError(t, err)
	require.Equal(t, &api.SessionStatus{ID: "one", IdleSeconds: new(60), Desktop: "vnc"}, status.Session)
	require.NoError(t, w.EndSession(t.Context(), "mch_1", "another", 0))
	require.Equal(t, "one", sessions.ID())
	require.NoError(t, w.EndSession(t.Context(), "mch_1", "one", 0))
	require.Empty(t, sessions.ID())

	require.NoError(t, w.StartSession(t.Context(), "mch_1", "three", 7))
	require.Equal(t, api.Conflict, api.CodeOf(w.StartSession(t.Context(), "mch_1", "two", 6)), "it is late")
	require.Equal(t, api.Conflict, api.CodeOf(w.EndSession(t.Context(), "mch_1", "three", 6)))
	require.Equal(t, "three", sessions.ID())
	require.NoError(t, w.EndSession(t.Context(), "mch_1", "three", 8))
	require.Empty(t, sessions.ID())

	d.err = errors.New("no display is free")
	err = w.StartSession(t.Context(), "mch_1", "two", 0)
	require.Equal(t, api.Unavailable, api.CodeOf(err))
	require.ErrorContains(t, err, "no display is free")
	require.Equal(t, api.Invalid, api.CodeOf(w.StartSession(t.Context(), "mch_1", "", 0)))
}

func TestAMachineIsRebootedFromTheBootThatItIsAtOnly(t *testing.T) {
	w := newWorld(t)
	var asked atomic.Int64
	w.dial(t, "mch_1", agentweb.Handler(looked{agent.NewSessions(agent.Plain{})}, agentweb.WithReboot("boot-1", func() error { asked.Add(1); return nil })))
	require.True(t, w.next(t).up)
	err := w.Reboot(t.Context(), "mch_1", "boot-0")
	require.Equal(t, api.Conflict, api.CodeOf(err))
	require.Zero(t, asked.Load())
	require.NoError(t, w.Reboot(t.Context(), "mch_1", "boot-1"))
	require.EqualValues(t, 1, asked.Load())
	require.Equal(t, api.Unavailable, api.CodeOf(w.Reboot(t.Context(), "mch_2", "boot-1")))
}

func TestAnAgentThatKnowsNoSessionsIsUnavailable(t *testing.T) {
	w := newWorld(t)
	w.dial(t, "mch_1", http.NotFoundHandler())
	require.True(t, w.next(t).up)
	require.Equal(t, api.Unavailable, api.CodeOf(w.StartSession(t.Context(), "mch_1", "one", 0)))
}

// remote is a machine that takes what is pasted.
type remote struct{ brought []api.StartRemote }

func (r *remote) Status() api.RemoteDesktop {
	return api.RemoteDesktop{State: "starting", Name: "mch_1"}
}

func (r *remote) Connect(in api.StartRemote) error {
	if _, err := agent.ReadCode(in.Command); err != nil {
		return err
	}
	r.brought = append(r.brought, in)
	return nil
}

func TestAParticipantsCodeComesThroughTheTunnel(t *testing.T) {
	w, r := newWorld(t), &remote{}
	w.dial(t, "mch_1", agentweb.Handler(looked{agent.NewSessions(agent.Plain{})}, agentweb.WithRemote(r)))
	require.True(t, w.next(t).up)
	in := api.StartRemote{Session: "one", Command: "4/0AbCdEfGhIjKl", Name: "mch_1", Again: true}
	require.NoError(t, w.StartRemote(t.Context(), "mch_1", in))
	require.Equal(t, []api.StartRemote{in}, r.brought)
	far, err := w.Remote(t.Context(), "mch_1")
	require.NoError(t, err)
	require.Equal(t, r.Status(), far)

	in.Command = "4/0AbCdEfGhIjKl; reboot"
	err = w.StartRemote(t.Context(), "mch_1", in)
	require.Equal(t, api.Invalid, api.CodeOf(err))
	require.ErrorContains(t, err, "Copy the command for Debian Linux once more")
	require.NotContains(t, err.Error(), "0AbCd")
	require.Equal(t, api.Unavailable, api.CodeOf(w.StartRemote(t.Context(), "mch_2", in)))
}
