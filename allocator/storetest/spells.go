package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func spellsAreTold(t *testing.T, w *world) {
	first, op := w.open(t, 2)
	w.launch(t, op)
	launched := w.now
	m := w.machines(t, first.ID)[0]
	gone := w.tick()
	require.NoError(t, w.move(t, m.ID, allocator.Terminated, "it was lost", gone))
	w.open(t, 1) // which has no instance yet
	spell := allocator.Spell{WorkshopID: first.ID, Pool: "gpu", Type: "g5.xlarge", From: launched}
	ended := spell
	ended.To = gone
	look := func(since time.Time) []allocator.Spell {
		all, err := w.Spells(t.Context(), since)
		require.NoError(t, err)
		return all
	}
	require.ElementsMatch(t, []allocator.Spell{spell, ended}, look(gone.Add(time.Hour)), "of an open workshop all")
	end := allocator.Operation{ID: "op_end", Kind: allocator.Terminate, WorkshopID: first.ID, State: allocator.Queued, CreatedAt: w.tick()}
	require.NoError(t, w.EndWorkshop(t.Context(), first.ID, end, "over"))
	require.ElementsMatch(t, []allocator.Spell{spell, ended}, look(gone))
	require.Equal(t, []allocator.Spell{spell}, look(gone.Add(time.Microsecond)))

	ws, _ := w.ready(t, 1)
	w.come(t, ws.ID, "ann@example.org")
	require.NoError(t, w.CapWorkshop(t.Context(), ws.ID, w.now))
	now, err := w.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, w.now, now.CappedAt)
	require.Equal(t, w.now, w.seat(t, ws.ID, "ann@example.org").CappedAt)
	require.NoError(t, w.CapWorkshop(t.Context(), ws.ID, time.Time{}))
	require.True(t, w.seat(t, ws.ID, "ann@example.org").CappedAt.IsZero())
}
