package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func useIsKept(t *testing.T, w *world) {
	ws, _ := w.ready(t, 2)
	ann, err := w.claim(ws.ID, "ann@example.org")
	require.NoError(t, err)
	bob, err := w.claim(ws.ID, "bob@example.org")
	require.NoError(t, err)
	use := func(of allocator.Seat, seconds int) api.SessionUse {
		return api.SessionUse{Session: of.Session(), Seconds: seconds, Software: []api.SoftwareUse{{Name: "it's", Seconds: 3}}, GPUPeak: new(uint32(seconds))} //nolint:gosec // small
	}
	keep := func(machine string, of allocator.Seat, seconds int) {
		t.Helper()
		require.NoError(t, w.KeepUse(t.Context(), machine, of.ID, use(of, seconds), w.tick()))
	}
	kept := func() []allocator.UsedSeat {
		t.Helper()
		all, err := w.Uses(t.Context(), ws.ID)
		require.NoError(t, err)
		return all
	}
	require.Empty(t, kept())
	keep(bob.MachineID, bob, 5)
	keep(ann.MachineID, ann, 10)
	keep(bob.MachineID, ann, 99) // of somebody who was never there
	keep(ann.MachineID, ann, 20)
	keep(ann.MachineID, ann, 7) // as from an agent that has lost what it knew
	made := use(ann, 50)
	made.Session = ann.ID + "-1"
	require.NoError(t, w.KeepUse(t.Context(), ann.MachineID, ann.ID, made, w.tick()), "it is made up")
	made.Session = ""
	require.NoError(t, w.KeepUse(t.Context(), ann.MachineID, ann.ID, made, w.tick()))
	require.Equal(t, []allocator.UsedSeat{{Seat: ann.ID, Email: "ann@example.org", Use: use(ann, 20)}, {Seat: bob.ID, Email: "bob@example.org", Use: use(bob, 5)}}, kept())

	require.NoError(t, w.ReleaseSeat(t.Context(), ann.ID, "she left", w.tick()))
	keep(ann.MachineID, ann, 30)
	require.Equal(t, use(ann, 30), kept()[0].Use, "it is told afterwards, too")
	require.NoError(t, w.MoveSeat(t.Context(), bob.ID, "another one", w.tick()))
	keep(bob.MachineID, bob, 40)
	require.Equal(t, use(bob, 40), kept()[1].Use, "of the machine before, too")
	moved, err := w.Seat(t.Context(), bob.ID)
	require.NoError(t, err)
	require.NotEqual(t, bob.MachineID, moved.MachineID)
	keep(moved.MachineID, moved, 1)
	require.Len(t, kept(), 3)
	other, err := w.Uses(t.Context(), "wks_x")
	require.NoError(t, err)
	require.Empty(t, other)
}
