package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func launchIsCancelled(t *testing.T, w *world) {
	ws, op := w.open(t, 3)
	a, _, err := w.BeginAttempt(t.Context(), op.ID, w.tick())
	require.NoError(t, err)
	end := allocator.Operation{ID: "op_end", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, By: "ann", CreatedAt: w.tick()}
	until := w.now.Add(time.Minute)
	got, err := w.CancelOperation(t.Context(), op.ID, end, "it was cancelled", until)
	require.NoError(t, err)
	require.False(t, got.State.Finished(), "EC2 may be launching")
	require.NoError(t, w.EndAttempt(t.Context(), a, w.instances(1), w.tick()))
	got, err = w.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Cancelled, got.State)
	waiting, err := w.OperationMachines(t.Context(), end.ID)
	require.NoError(t, err)
	require.Len(t, waiting, 3, "what came late is ended with the others")
	now, err := w.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []any{"it was cancelled", until}, []any{now.Trouble, now.LaunchAfter})
	census, err := w.Census(t.Context(), w.now)
	require.NoError(t, err)
	require.Equal(t, 1, census.Operations[allocator.OperationKey{Kind: allocator.Launch, State: allocator.Cancelled}])

	cancel := func(id string) error {
		end.ID = w.id("op")
		_, err := w.CancelOperation(t.Context(), id, end, "again", until)
		return err
	}
	requireCode(t, api.Conflict, cancel(op.ID))
	requireCode(t, api.Conflict, cancel("op_end"))
	requireCode(t, api.NotFound, cancel("op_unknown"))
	_, booting := w.open(t, 1)
	w.launch(t, booting)
	requireCode(t, api.Conflict, cancel(booting.ID))
}
