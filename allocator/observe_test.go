package allocator_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAnInstanceThatWasEndedElsewhereIsNoticed(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 2)
	w.RunAll(t)
	machines := w.Machines(t, ws)
	for _, m := range machines {
		w.Boot(t, m)
	}
	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	m, err := w.Store.Machine(t.Context(), claimed.Seat.MachineID)
	require.NoError(t, err)
	w.EC2.Set(allocator.InstanceGone, m.InstanceID)
	require.NoError(t, w.Observe(t.Context()))
	m, err = w.Store.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Terminated, m.State)
	require.Contains(t, m.Reason, "outside LabLink")
	again, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, claimed.Token)
	require.NoError(t, err)
	require.NotEqual(t, m.ID, again.Seat.MachineID, "the other machine")
}

func TestAnInstanceThatEC2DoesNotListYetIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	hidden := w.EC2.All
	w.EC2.All = nil
	require.NoError(t, w.Observe(t.Context()))
	require.Equal(t, allocator.Booting, w.Machines(t, ws)[0].State)
	w.Time = w.Time.Add(6 * time.Minute)
	w.EC2.All = hidden
	require.NoError(t, w.Observe(t.Context()))
	require.Equal(t, allocator.Booting, w.Machines(t, ws)[0].State)
	w.EC2.All = nil
	require.NoError(t, w.Observe(t.Context()))
	require.Equal(t, allocator.Terminated, w.Machines(t, ws)[0].State)
}

func TestAMachineWhoseAgentIsNeverHeardOfIsUnhealthy(t *testing.T) {
	w := newWorld(t)
	ws, op := w.Open(t, 1)
	w.RunAll(t)
	w.Time = w.Time.Add(21 * time.Minute)
	require.NoError(t, w.Observe(t.Context()))
	m := w.Machines(t, ws)[0]
	require.Equal(t, allocator.Unhealthy, m.State)
	require.Contains(t, m.Reason, "console")
	o, err := w.Store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Failed, o.State)
	w.Boot(t, m)
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[0].State, "late is better than never")
}

func TestWatchLooksAtEveryTickUntilItIsStopped(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	lost := w.Machines(t, ws)[0]
	w.EC2.Set(allocator.InstanceGone, lost.InstanceID)
	watchOnce(t, w)
	m, err := w.Store.Machine(t.Context(), lost.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Terminated, m.State)
	require.Len(t, w.Machines(t, ws), 2, "another takes its place")
}

// watchOnce watches for one tick at least.
func watchOnce(t *testing.T, w *allocatortest.World) {
	t.Helper()
	ticks := make(chan time.Time)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { w.Watch(ctx, ticks); close(done) }()
	ticks <- w.Time
	ticks <- w.Time // taken only once the first look is done
	stop()
	<-done
}

// leads is a leader, or not.
type leads bool

func (l leads) Leads(context.Context) bool { return bool(l) }

func TestAnAllocatorThatDoesNotLeadLooksAtNothing(t *testing.T) {
	w := newWorld(t)
	w.Leader = leads(false)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	w.EC2.Set(allocator.InstanceGone, m.InstanceID)
	watchOnce(t, w)
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[0].State, "another one sees to it")
}
