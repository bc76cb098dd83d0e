package allocator_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

var errLost = errors.New("connection reset")

func TestALaunchIsRepeatedAsItWasUnderANewRelease(t *testing.T) {
	w := newWorld(t)
	ws, op := w.Open(t, 2)
	w.EC2.Lost = errLost
	require.Error(t, w.Run(t.Context(), op.ID))
	w.EC2.Lost, w.EC2.Settings = nil, "another instance type"
	require.NoError(t, w.Run(t.Context(), op.ID))
	require.Equal(t, 2, w.EC2.Alive())
	for _, m := range w.Machines(t, ws) {
		require.Equal(t, allocator.Booting, m.State)
	}
}

func TestWhatALostLaunchBroughtIsTakenOverWhenEC2RefusesTheRepeat(t *testing.T) {
	for _, code := range []api.Code{api.Forbidden, api.Quota, api.Invalid} {
		w := newWorld(t)
		w.EC2.Delay = time.Minute
		w.EC2.Capacity = func(asked int) int { return asked - 1 }
		ws, op := w.Open(t, 3)
		w.EC2.Lost = errLost
		require.Error(t, w.Run(t.Context(), op.ID))
		w.EC2.Err = api.Problemf(code, "AWS refuses", "the quota is used up.")
		w.Time = w.Time.Add(time.Second)
		var later *allocator.Later
		require.ErrorAs(t, w.Run(t.Context(), op.ID), &later, "EC2 may not list them yet")
		w.Time = w.Time.Add(5 * time.Minute)
		require.NoError(t, w.Run(t.Context(), op.ID))

		var states []allocator.MachineState
		for _, m := range w.Machines(t, ws) {
			states = append(states, m.State)
		}
		require.ElementsMatch(t, []allocator.MachineState{allocator.Booting, allocator.Booting, allocator.Terminated}, states)
		require.Equal(t, 2, w.EC2.Alive())
		o, err := w.Store.Operation(t.Context(), op.ID)
		require.NoError(t, err)
		require.Contains(t, o.Message, "the quota is used up")
		require.NoError(t, w.Run(t.Context(), op.ID), "while the others boot")
		o, err = w.Store.Operation(t.Context(), op.ID)
		require.NoError(t, err)
		require.Contains(t, o.Message, "the quota is used up", "the reason stays")
	}
}

func TestWhatKeepsAnOperationFromGoingOnIsItsMessage(t *testing.T) {
	w := newWorld(t)
	_, op := w.Open(t, 1)
	w.EC2.Err = api.Problemf(api.Unavailable, "AWS refuses", "AWS asks to go slower.")
	for range 2 {
		require.Error(t, w.Run(t.Context(), op.ID))
		o, err := w.Store.Operation(t.Context(), op.ID)
		require.NoError(t, err)
		require.Equal(t, allocator.Running, o.State)
		require.Contains(t, o.Message, "AWS refuses: AWS asks to go slower.")
		require.Contains(t, o.Message, "trying again")
	}
	w.EC2.Err = nil
	require.NoError(t, w.Run(t.Context(), op.ID))
	o, err := w.Store.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, "waiting for the machines to boot", o.Message)
}
