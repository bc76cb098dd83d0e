package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// collecting is a workshop that collects, with machines that are ready.
func (w *world) collecting(t *testing.T, n int) allocator.Workshop {
	t.Helper()
	w.collect = []string{"results/**"}
	ws, _ := w.ready(t, n)
	w.collect = nil
	got, err := w.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"results/**"}, got.Collect)
	return ws
}

// collectionOn is what is being collected on a machine.
func (w *world) collectionOn(t *testing.T, machine string) allocator.Collection {
	t.Helper()
	ids, err := w.Unfinished(t.Context())
	require.NoError(t, err)
	for _, id := range ids {
		if c, err := w.Collection(t.Context(), id, machine); err == nil {
			return c
		}
	}
	require.Fail(t, "nothing is collected", "on %s", machine)
	return allocator.Collection{}
}

func (w *world) machine(t *testing.T, id string) allocator.Machine {
	t.Helper()
	m, err := w.Machine(t.Context(), id)
	require.NoError(t, err)
	return m
}

func workIsCollected(t *testing.T, w *world) {
	ws := w.collecting(t, 2)
	w.come(t, ws.ID, "ann@example.org")
	end := func(email string, how func(m allocator.Machine, seat allocator.Seat) error) (string, allocator.Collection) {
		seat := w.seat(t, ws.ID, email)
		require.NoError(t, how(w.machine(t, seat.MachineID), seat))
		require.Equal(t, allocator.Draining, w.machine(t, seat.MachineID).State)
		c := w.collectionOn(t, seat.MachineID)
		require.Equal(t, []any{seat.ID, email, seat.AssignedAt, ws.ID}, []any{c.SeatID, c.Email, c.Since, c.WorkshopID})
		return seat.MachineID, c
	}
	collected := func(c allocator.Collection) {
		require.NoError(t, w.Collected(t.Context(), c.Operation, c.MachineID, "2 files were kept", w.tick()))
	}

	m, c := end("ann@example.org", func(_ allocator.Machine, s allocator.Seat) error {
		return w.ReleaseSeat(t.Context(), s.ID, "left", w.tick())
	})
	_, err := w.Collection(t.Context(), c.Operation, "mch_other")
	requireCode(t, api.NotFound, err)
	soon := w.now.Add(time.Second)
	require.NoError(t, w.HurryCollections(t.Context(), m, soon))
	require.NoError(t, w.HurryCollections(t.Context(), m, soon.Add(time.Hour)))
	require.Equal(t, soon, w.collectionOn(t, m).Deadline)
	collected(c)
	require.Equal(t, allocator.Ready, w.machine(t, m).State)
	collected(c) // asked again after a crash
	_, err = w.Collection(t.Context(), c.Operation, m)
	requireCode(t, api.NotFound, err)
	o, err := w.Operation(t.Context(), c.Operation)
	require.NoError(t, err)
	require.Equal(t, allocator.Succeeded, o.State)

	w.come(t, ws.ID, "bob@example.org")
	m, c = end("bob@example.org", func(m allocator.Machine, _ allocator.Seat) error {
		op := allocator.Operation{ID: w.id("op"), Kind: allocator.Reboot, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
		return w.RebootMachine(t.Context(), m, op, "a reboot may help")
	})
	require.NotEqual(t, m, w.seat(t, ws.ID, "bob@example.org").MachineID, "he has another one meanwhile")
	collected(c)
	require.Equal(t, allocator.Rebooting, w.machine(t, m).State)

	other := w.seat(t, ws.ID, "bob@example.org").MachineID
	var op allocator.Operation
	m, c = end("bob@example.org", func(m allocator.Machine, _ allocator.Seat) error {
		op = allocator.Operation{ID: w.id("op"), Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
		_, err := w.DrainMachines(t.Context(), op, []allocator.Ending{{Machine: m, Why: "it is replaced"}})
		return err
	})
	require.Equal(t, other, m)
	require.Equal(t, allocator.SeatQueued, w.seat(t, ws.ID, "bob@example.org").State)
	require.Equal(t, "it is replaced", w.machine(t, m).Leaving)
	collected(c)
	require.Equal(t, []any{allocator.Terminating, "it is replaced"}, []any{w.machine(t, m).State, w.machine(t, m).Reason})
}

func workIsCollectedMeanwhile(t *testing.T, w *world) {
	plain, _ := w.ready(t, 1)
	operation := func(ws string) allocator.Operation {
		return allocator.Operation{ID: w.id("op"), Kind: allocator.Collect, WorkshopID: ws, State: allocator.Queued, By: "admin", CreatedAt: w.tick()}
	}
	requireCode(t, api.Conflict, w.CollectWork(t.Context(), operation(plain.ID), w.now.Add(time.Minute)))
	requireCode(t, api.NotFound, w.CollectWork(t.Context(), operation("wks_unknown"), w.now.Add(time.Minute)))
	ws := w.collecting(t, 2)
	nobody := operation(ws.ID)
	require.NoError(t, w.CollectWork(t.Context(), nobody, w.now.Add(time.Minute)))
	o, err := w.Operation(t.Context(), nobody.ID)
	require.NoError(t, err)
	require.True(t, o.State.Finished(), "nobody has made anything")

	w.come(t, ws.ID, "ann@example.org")
	seat := w.seat(t, ws.ID, "ann@example.org")
	op := operation(ws.ID)
	require.NoError(t, w.CollectWork(t.Context(), op, w.now.Add(time.Minute)))
	require.Equal(t, allocator.Assigned, w.machine(t, seat.MachineID).State)
	require.NoError(t, w.ReleaseSeat(t.Context(), seat.ID, "left", w.tick()))
	require.NoError(t, w.Collected(t.Context(), op.ID, seat.MachineID, "1 file was kept", w.tick()))
	require.Equal(t, allocator.Draining, w.machine(t, seat.MachineID).State, "what she made until she left is still collected")
	last := w.collectionOn(t, seat.MachineID)
	require.NoError(t, w.Collected(t.Context(), last.Operation, seat.MachineID, "2 files were kept", w.tick()))
	require.Equal(t, allocator.Ready, w.machine(t, seat.MachineID).State)
}

func collectingWorkshopEnds(t *testing.T, w *world) {
	ws := w.collecting(t, 2)
	w.come(t, ws.ID, "ann@example.org")
	held := w.seat(t, ws.ID, "ann@example.org").MachineID
	op := allocator.Operation{ID: w.id("op"), Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, By: "admin", CreatedAt: w.tick()}
	require.NoError(t, w.EndWorkshop(t.Context(), ws.ID, op, "over"))
	for _, m := range w.machines(t, ws.ID) {
		want := allocator.Terminating
		if m.ID == held {
			want = allocator.Draining
		}
		require.Equal(t, want, m.State)
	}
	c := w.collectionOn(t, held)
	require.NoError(t, w.Collected(t.Context(), c.Operation, held, "2 files were kept", w.tick()))
	require.Equal(t, allocator.Terminating, w.machine(t, held).State)

	late := w.collecting(t, 1)
	w.come(t, late.ID, "bob@example.org")
	seat := w.seat(t, late.ID, "bob@example.org")
	require.NoError(t, w.ReleaseSeat(t.Context(), seat.ID, "left", w.tick()))
	op.ID, op.WorkshopID = w.id("op"), late.ID
	require.NoError(t, w.EndWorkshop(t.Context(), late.ID, op, "over"))
	require.Equal(t, allocator.Draining, w.machine(t, seat.MachineID).State, "its work is waited for")
	c = w.collectionOn(t, seat.MachineID)
	require.NoError(t, w.move(t, seat.MachineID, allocator.Terminated, "its instance is gone", w.tick()))
	o, err := w.Operation(t.Context(), c.Operation)
	require.NoError(t, err)
	require.Equal(t, allocator.Failed, o.State)
	require.NoError(t, w.Collected(t.Context(), c.Operation, seat.MachineID, "too late", w.tick()))
}
