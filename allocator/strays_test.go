package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func TestAnInstanceThatEC2DoesNotListYetIsEndedAllTheSame(t *testing.T) {
	w := newWorld(t)
	w.EC2.Delay = 2 * time.Minute
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	end, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), end.ID), &later, "it may live")
	require.GreaterOrEqual(t, later.After, 5*time.Second)
	require.Equal(t, []string{w.Machines(t, ws)[0].InstanceID}, w.EC2.Asked)
	require.Equal(t, allocator.Terminating, w.Machines(t, ws)[0].State)

	w.Time = w.Time.Add(w.EC2.Delay)
	require.ErrorAs(t, w.Run(t.Context(), end.ID), &later)
	require.Zero(t, w.EC2.Alive())
	w.EC2.Finish()
	require.NoError(t, w.Run(t.Context(), end.ID))
	require.Equal(t, allocator.Terminated, w.Machines(t, ws)[0].State)
}

func TestAnInstanceThatNeverAppearsIsWaitedForFiveMinutesOnly(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	w.EC2.All = nil
	end, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), end.ID), &later)
	w.Time = w.Time.Add(5*time.Minute + time.Second)
	require.NoError(t, w.Run(t.Context(), end.ID))
	require.Equal(t, allocator.Terminated, w.Machines(t, ws)[0].State)
}

func TestAnInstanceThatNoMachineHoldsIsEnded(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	w.EC2.All = append(w.EC2.All, allocator.Instance{ID: "i-stray", State: allocator.InstanceRunning, LaunchedAt: w.Time, Attempt: "op_gone-1"})
	require.NoError(t, w.Observe(t.Context()))
	require.Empty(t, w.EC2.Asked, "it may be a launch in flight")
	w.Time = w.Time.Add(11 * time.Minute)
	require.NoError(t, w.Observe(t.Context()))
	require.Equal(t, []string{"i-stray"}, w.EC2.Asked)
	require.Equal(t, allocator.Ready, w.Machines(t, ws)[0].State)
	require.NoError(t, w.Observe(t.Context()))
	require.Equal(t, []string{"i-stray"}, w.EC2.Asked, "it is on its way out")
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, "end stray instance", events[0].Action)
	require.Equal(t, "i-stray", events[0].Subject)
}

func TestAnInstanceWhoseMachineWasGivenUpIsEnded(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	all := w.EC2.All
	w.EC2.All = nil
	w.Time = w.Time.Add(11 * time.Minute)
	require.NoError(t, w.Observe(t.Context()))
	require.Equal(t, allocator.Terminated, w.Machines(t, ws)[0].State)
	w.EC2.All = all
	require.NoError(t, w.Observe(t.Context()))
	require.Zero(t, w.EC2.Alive())
}

func TestAnInstanceOfALaunchThatIsStillOpenIsKeptHoweverOld(t *testing.T) {
	w := newWorld(t)
	ws, op := w.Open(t, 1)
	w.EC2.Lost = errLost
	require.Error(t, w.Run(t.Context(), op.ID))
	w.Time = w.Time.Add(time.Hour) // the allocator was down
	require.NoError(t, w.Observe(t.Context()))
	require.Empty(t, w.EC2.Asked)
	w.EC2.Lost = nil
	require.NoError(t, w.Run(t.Context(), op.ID))
	require.NoError(t, w.Observe(t.Context()))
	require.Empty(t, w.EC2.Asked)
	require.Equal(t, allocator.Booting, w.Machines(t, ws)[0].State)
}
