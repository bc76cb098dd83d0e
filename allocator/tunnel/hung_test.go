package tunnel_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// hung takes requests, tells of each, and never answers any.
type hung chan struct{}

func (h hung) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // then the server looks whether somebody waits still
	select {
	case h <- struct{}{}:
	default:
	}
	<-r.Context().Done()
}

// collected answers that all is handed over.
func collected(w http.ResponseWriter, _ *http.Request) {
	_ = json.NewEncoder(w).Encode(api.CollectStatus{Done: true, Files: 3})
}

// withHung is an allocator whose two machines are held, and have real tunnels: the agent
// of the first one is hung, and waited for so long.
func withHung(t *testing.T, patience time.Duration, collects ...string) (w *allocatortest.World, ws allocator.Workshop, hungOne, other string, asked hung) {
	t.Helper()
	w, asked = allocatortest.New(t), make(hung, 1)
	w.Pools[0].Collect = collects
	ws = w.ReadyWorkshop(t, 2)
	for _, email := range []string{"ann@example.org", "ben@example.org"} {
		_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: email}, "")
		require.NoError(t, err)
	}
	w.Settled()
	hub := newWorld(t)
	hub.Patience = patience
	machines := w.Machines(t, ws)
	hub.dial(t, machines[0].ID, asked)
	hub.dial(t, machines[1].ID, http.HandlerFunc(collected))
	require.True(t, hub.next(t).up)
	require.True(t, hub.next(t).up)
	w.Tunnels = hub
	return w, ws, machines[0].ID, machines[1].ID, asked
}

// step carries an operation on by one step, with as much time as a job has.
func step(t *testing.T, w *allocatortest.World, op string) (waits bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	defer cancel()
	err := w.Run(ctx, op)
	require.NoError(t, ctx.Err(), "a step ends long before its job does")
	var later *allocator.Later
	if errors.As(err, &later) {
		return true
	}
	require.NoError(t, err)
	return false
}

func TestAMachineThatNeverAnswersKeepsNobodyElsesWork(t *testing.T) {
	w, ws, hungOne, other, _ := withHung(t, 10*time.Second, "results/**") // enough for the other one
	op, err := w.CollectWork(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	require.True(t, step(t, w, op.ID))
	left, err := w.Store.OperationMachines(t.Context(), op.ID)
	require.NoError(t, err)
	require.Len(t, left, 1)
	require.Equal(t, hungOne, left[0].ID, "it is asked again")
	timeline, err := w.Store.Timeline(t.Context(), other)
	require.NoError(t, err)
	require.Contains(t, timeline[len(timeline)-1].Reason, "3 files (0 KiB) of ben@example.org were kept")
	w.Time = w.Time.Add(allocator.CollectLimit)
	w.Tunnels.(*world).Patience = 200 * time.Millisecond // which nobody else is asked with
	require.False(t, step(t, w, op.ID))
	timeline, err = w.Store.Timeline(t.Context(), hungOne)
	require.NoError(t, err)
	require.Contains(t, timeline[len(timeline)-1].Reason, "the work of ann@example.org was not kept: The machine does not answer")
}

func TestAStepThatIsOutOfTimeGivesNoWorkUp(t *testing.T) {
	w, ws, hungOne, _, asked := withHung(t, time.Minute, "results/**")
	op, err := w.CollectWork(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	w.Time = w.Time.Add(allocator.CollectLimit)
	ctx, cancel := context.WithCancel(t.Context())
	go func() { <-asked; cancel() }()
	require.ErrorIs(t, w.Run(ctx, op.ID), context.Canceled)
	left, err := w.Store.OperationMachines(t.Context(), op.ID)
	require.NoError(t, err)
	require.Contains(t, ids(left), hungOne)
}

func TestAMachineWhoseAgentNeverAnswersIsRebootedByAWS(t *testing.T) {
	w, _, hungOne, _, _ := withHung(t, 200*time.Millisecond)
	m, err := w.Store.Machine(t.Context(), hungOne)
	require.NoError(t, err)
	require.NoError(t, w.Store.KeepHeard(t.Context(), hungOne, "boot 1", time.Time{}, w.Time))
	op, err := w.RebootMachine(t.Context(), "admin", hungOne)
	require.NoError(t, err)
	require.True(t, step(t, w, op.ID), "it boots")
	require.Equal(t, []string{m.InstanceID}, w.EC2.Rebooted)
}

func ids(machines []allocator.Machine) (out []string) {
	for _, m := range machines {
		out = append(out, m.ID)
	}
	return out
}
