package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// RunLosses runs what must hold of why machines were lost, beside the release before,
// which keeps a note alone. Exec runs a statement on the database of s.
func RunLosses(t *testing.T, s allocator.Store, exec func(statement string)) {
	w := newWorld(t, s)
	ws, _ := w.ready(t, 2)
	w.come(t, ws.ID, "ann@example.org")
	lost := func() allocator.Loss { return w.seat(t, ws.ID, "ann@example.org").LostBy() }
	require.Empty(t, lost())
	reason := "AWS takes this spot machine back in 2 minutes"
	require.NoError(t, w.MoveSeat(t.Context(), w.seat(t, ws.ID, "ann@example.org").ID, reason, w.tick()))
	require.Equal(t, allocator.LossTaken, lost())
	exec("UPDATE seats SET note = 'GPU 0 is lost'")
	require.Equal(t, allocator.LossEnded, lost(), "it was not that one that AWS took back")
	require.NoError(t, w.move(t, w.seat(t, ws.ID, "ann@example.org").MachineID, allocator.Unhealthy, "GPU 1 is lost", w.tick()))
	require.Equal(t, allocator.LossFailed, lost())
	exec("UPDATE seats SET note = 'you were moved by admin'")
	require.Equal(t, allocator.LossEnded, lost())
}
