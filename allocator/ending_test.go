package allocator_test

import (
	"fmt"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestMachinesThatEndTogetherAreAskedForTogether(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 8)
	before := w.Machines(t, ws)
	for i, m := range before {
		_, err := w.Report(t.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, api.Report{Health: api.Unhealthy, Action: api.Replace, Reason: fmt.Sprint("GPU 0 has the fault ", i)})
		require.NoError(t, err)
	}
	looks := 0
	w.EC2.Looking = func() { looks++ }
	require.NoError(t, w.Reconcile(t.Context()))
	all, err := w.Store.Operations(t.Context(), ws.ID, 10)
	require.NoError(t, err)
	var ends []allocator.Operation
	for _, op := range all {
		if op.Kind == allocator.Terminate {
			ends = append(ends, op)
		}
	}
	require.Len(t, ends, 1)
	require.Equal(t, len(before), ends[0].Total)
	var later *allocator.Later
	require.ErrorAs(t, w.Run(t.Context(), ends[0].ID), &later)
	require.Equal(t, 1, looks)
	require.Len(t, w.EC2.Asked, len(before))
	for i, m := range before {
		m, err := w.Store.Machine(t.Context(), m.ID)
		require.NoError(t, err)
		require.Contains(t, m.Reason, fmt.Sprint("the fault ", i), "each has its own reason")
		events, err := w.Store.Events(t.Context(), allocator.EventQuery{Subject: m.ID, Limit: 1})
		require.NoError(t, err)
		require.Equal(t, "terminate machine", events[0].Action)
	}
	w.EC2.Finish()
	w.Time = w.Time.Add(5 * time.Second)
	require.NoError(t, w.Run(t.Context(), ends[0].ID))
}

func TestOperationsThatEndMachinesAtOnceShareALook(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		ws := w.ReadyWorkshop(t, 8)
		var ends []allocator.Operation
		for _, m := range w.Machines(t, ws) {
			op, err := w.TerminateMachine(t.Context(), "ann", m.ID)
			require.NoError(t, err)
			ends = append(ends, op)
		}
		var looks atomic.Int32
		answer := make(chan struct{})
		w.EC2.Looking = func() { looks.Add(1); <-answer }
		for _, op := range ends {
			go func() { _ = w.Run(t.Context(), op.ID) }()
		}
		synctest.Wait()
		close(answer)
		synctest.Wait()
		require.EqualValues(t, 1, looks.Load())
		require.Len(t, w.EC2.Asked, len(ends))
	})
}
