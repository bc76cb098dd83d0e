package allocator_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func TestAnInstanceThatEC2DoesNotEndIsNamedAndHoldsUpNoOther(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 3)
	machines := w.Machines(t, ws)
	w.EC2.Protected = map[string]string{machines[1].InstanceID: "it is protected"}
	end, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), end.ID), &later)
	require.Equal(t, "waiting for 3 instances to end; AWS refuses to end 1 of them, and each of those says why", later.Why)
	require.Equal(t, 5*time.Second, later.After, "two are ending")
	require.Equal(t, 1, w.EC2.Alive())
	w.EC2.Finish()
	for range 2 { // the second changes nothing
		w.Time = w.Time.Add(later.After)
		require.ErrorAs(t, w.Run(t.Context(), end.ID), &later)
		require.Equal(t, time.Minute, later.After, "nothing else is waited for")
	}
	kept, err := w.Store.Machine(t.Context(), machines[1].ID)
	require.NoError(t, err)
	require.True(t, kept.Unended())
	require.Equal(t, "AWS refuses to end it: it is protected", kept.Reason)
	line, err := w.Store.Timeline(t.Context(), kept.ID)
	require.NoError(t, err)
	told := 0
	for _, c := range line {
		if c.Reason == kept.Reason {
			told++
		}
	}
	require.Equal(t, 1, told)

	w.EC2.Protected = nil
	require.ErrorAs(t, w.Run(t.Context(), end.ID), &later)
	w.EC2.Finish()
	require.NoError(t, w.Run(t.Context(), end.ID))
	for _, m := range w.Machines(t, ws) {
		require.Equal(t, allocator.Terminated, m.State)
		require.False(t, m.Unended())
	}
}

func TestWhatCouldNotBeEndedIsEndedTheNextTime(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 2)
	end, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	w.EC2.TerminateError = errors.New("connection reset")
	require.ErrorIs(t, w.Run(t.Context(), end.ID), w.EC2.TerminateError)
	op, err := w.Store.Operation(t.Context(), end.ID)
	require.NoError(t, err)
	require.Contains(t, op.Message, "trying again: end 2 instances: connection reset")
	w.EC2.TerminateError = nil
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), end.ID), &later)
	require.Zero(t, w.EC2.Alive())
}

func TestAStrayThatEC2DoesNotEndHoldsUpNoOther(t *testing.T) {
	w := newWorld(t)
	for _, id := range []string{"i-free", "i-kept"} {
		w.EC2.All = append(w.EC2.All, allocator.Instance{ID: id, State: allocator.InstanceRunning, LaunchedAt: w.Time})
	}
	w.EC2.Protected = map[string]string{"i-kept": "it is protected"}
	w.Time = w.Time.Add(11 * time.Minute)
	require.NoError(t, w.Observe(t.Context()))
	require.NoError(t, w.Observe(t.Context()))
	require.Equal(t, 1, w.EC2.Alive())
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 10})
	require.NoError(t, err)
	var told []string
	for _, e := range events {
		told = append(told, e.Action+" "+e.Subject)
	}
	require.ElementsMatch(t, []string{"end stray instance i-free", "keep stray instance i-kept"}, told, "each once")
	w.EC2.Protected = nil
	require.NoError(t, w.Observe(t.Context()))
	require.Zero(t, w.EC2.Alive())
}
