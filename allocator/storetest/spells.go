package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
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
	require.NoError(t, w.CapWorkshop(t.Context(), ws.ID, w.now, true))
	now, err := w.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, w.now, now.CappedAt)
	require.True(t, now.Withheld)
	require.Equal(t, w.now, w.seat(t, ws.ID, "ann@example.org").CappedAt)
	require.NoError(t, w.CapWorkshop(t.Context(), ws.ID, time.Time{}, false))
	require.True(t, w.seat(t, ws.ID, "ann@example.org").CappedAt.IsZero())
}

func withheldIsNotGiven(t *testing.T, w *world) {
	ws, machines := w.ready(t, 2)
	w.come(t, ws.ID, "ann@example.org")
	held := w.seat(t, ws.ID, "ann@example.org").MachineID
	free := machines[0].ID
	if free == held {
		free = machines[1].ID
	}
	require.NoError(t, w.CapWorkshop(t.Context(), ws.ID, w.now, true))
	w.come(t, ws.ID, "bob@example.org")
	require.NoError(t, w.GiveSeats(t.Context(), ws.ID, w.tick()))
	require.NoError(t, w.move(t, free, allocator.Unhealthy, "its agent was silent", w.tick()))
	require.NoError(t, w.SetHealth(t.Context(), free, api.Healthy, "", w.tick()))
	bob := w.seat(t, ws.ID, "bob@example.org")
	require.Equal(t, allocator.SeatQueued, bob.State, "he would lose it again")
	require.True(t, bob.Withheld)
	ann := w.seat(t, ws.ID, "ann@example.org")
	require.Equal(t, api.Capacity, api.CodeOf(w.MoveSeat(t.Context(), ann.ID, "XID 79", w.tick())))
	require.Equal(t, held, w.seat(t, ws.ID, "ann@example.org").MachineID, "she keeps hers")

	own, err := w.joins(t, w.joinToken(t, ws.ID, 1), "one")
	require.NoError(t, err)
	require.NoError(t, w.SetHealth(t.Context(), own.ID, api.Healthy, "", w.tick()))
	require.Equal(t, own.ID, w.seat(t, ws.ID, "bob@example.org").MachineID, "it costs nothing")

	require.NoError(t, w.ReleaseSeat(t.Context(), bob.ID, "he left", w.tick()))
	require.NoError(t, w.TerminateMachine(t.Context(), w.machine(t, own.ID), allocator.NewOperation(allocator.Terminate, "ann", ws.ID, w.now), "it was ended"))
	w.come(t, ws.ID, "cleo@example.org")
	require.NoError(t, w.CapWorkshop(t.Context(), ws.ID, w.now, false))
	require.NoError(t, w.GiveSeats(t.Context(), ws.ID, w.tick()))
	require.Equal(t, free, w.seat(t, ws.ID, "cleo@example.org").MachineID, "such a cap ends no machines")
}
