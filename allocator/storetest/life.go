package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// holding is a store that tells who holds which machine.
type holding interface{ OnHold(f func(machine string)) }

func holdsAreTold(t *testing.T, w *world) {
	ws, machines := w.ready(t, 1)
	var mu sync.Mutex
	told := 0
	w.Store.(holding).OnHold(func(machine string) {
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, machines[0].ID, machine)
		told++
	})
	heard := func() int {
		mu.Lock()
		defer mu.Unlock()
		n := told
		told = 0
		return n
	}
	ann, err := w.claim(ws.ID, "ann@example.org")
	require.NoError(t, err)
	require.Equal(t, 1, heard())
	_, err = w.claim(ws.ID, "bob@example.org")
	require.NoError(t, err)
	require.Zero(t, heard(), "who waits holds nothing")
	require.NoError(t, w.ReleaseSeat(t.Context(), ann.ID, "left", w.tick()))
	require.Positive(t, heard())
}

func heardIsKept(t *testing.T, w *world) {
	ws, machines := w.ready(t, 1)
	m := machines[0]
	require.True(t, m.HeldSince.IsZero())
	ann, err := w.claim(ws.ID, "ann@example.org")
	require.NoError(t, err)
	active, at := w.now.Add(-time.Minute), w.tick()
	require.NoError(t, w.KeepHeard(t.Context(), m.ID, "boot-1", active, at))
	m, err = w.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, []any{"boot-1", active, at, ann.AssignedAt}, []any{m.BootID, m.ActiveAt, m.HeardAt, m.HeldSince})
	require.Equal(t, ann.Session(), m.Session())
	require.NoError(t, w.ReleaseSeat(t.Context(), ann.ID, "left", w.tick()))
	m, err = w.Machine(t.Context(), m.ID)
	require.NoError(t, err)
	require.True(t, m.ActiveAt.IsZero(), "it says nothing of who comes next")
	require.Empty(t, m.Session())
}
