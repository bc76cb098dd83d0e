package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func workshopIsOpened(t *testing.T, w *world) {
	ws, op := w.open(t, 3)
	got, err := w.WorkshopByCode(t.Context(), ws.JoinCode)
	require.NoError(t, err)
	require.Equal(t, ws, got)
	machines := w.machines(t, ws.ID)
	require.Len(t, machines, 3)
	for _, m := range machines {
		require.Equal(t, allocator.Requested, m.State)
		require.Equal(t, ws.CreatedAt, m.CreatedAt)
	}
	o, err := w.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, 3, o.Total)
	unfinished, err := w.Unfinished(t.Context())
	require.NoError(t, err)
	require.Equal(t, []string{op.ID}, unfinished)
	_, err = w.Workshop(t.Context(), "wks_unknown")
	requireCode(t, api.NotFound, err)
	_, err = w.Operation(t.Context(), "op_unknown")
	requireCode(t, api.NotFound, err)
	_, err = w.Machine(t.Context(), "mch_unknown")
	requireCode(t, api.NotFound, err)
}

func poolIsBounded(t *testing.T, w *world) {
	_, first := w.open(t, 3)
	ws := allocator.Workshop{ID: "wks_x", Name: "x", Pool: "gpu", Seats: 2, JoinCode: "x", State: allocator.Open, CreatedAt: w.tick()}
	op := allocator.Operation{ID: "op_x", Kind: allocator.Launch, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	machines := []allocator.Machine{
		{ID: "mch_x1", WorkshopID: ws.ID, Pool: "gpu", State: allocator.Requested}, {ID: "mch_x2", WorkshopID: ws.ID, Pool: "gpu", State: allocator.Requested},
	}
	err := w.OpenWorkshop(t.Context(), ws, machines, op, 4)
	requireCode(t, api.Capacity, err)
	require.ErrorContains(t, err, "at most 1")
	_, err = w.Workshop(t.Context(), ws.ID)
	requireCode(t, api.NotFound, err)

	// What has ended makes room.
	all, err := w.OperationMachines(t.Context(), first.ID)
	require.NoError(t, err)
	require.NoError(t, w.move(t, all[0].ID, allocator.Terminated, "no capacity", w.tick()))
	require.NoError(t, w.OpenWorkshop(t.Context(), ws, machines, op, 4))
}

func workshopsArePaged(t *testing.T, w *world) {
	var want []string
	for range 5 {
		ws, _ := w.open(t, 1)
		want = append([]string{ws.ID}, want...)
	}
	var got []string
	after := ""
	for {
		page, err := w.Workshops(t.Context(), after, 2)
		require.NoError(t, err)
		if len(page) == 0 {
			break
		}
		for _, ws := range page {
			got = append(got, ws.ID)
		}
		after = page[len(page)-1].ID
	}
	require.Equal(t, want, got)
}

func workshopEnds(t *testing.T, w *world) {
	ws, machines := w.ready(t, 2)
	seat, err := w.claim(ws.ID, "ann@example.org")
	require.NoError(t, err)
	op := allocator.Operation{ID: "op_end", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, By: "admin", CreatedAt: w.tick()}
	require.NoError(t, w.EndWorkshop(t.Context(), ws.ID, op))
	requireCode(t, api.Conflict, w.EndWorkshop(t.Context(), ws.ID, op))
	for _, m := range w.machines(t, ws.ID) {
		require.Equal(t, allocator.Terminating, m.State)
		require.Empty(t, m.SeatID)
	}
	requireCode(t, api.NotFound, w.ReleaseSeat(t.Context(), seat.ID, "too late", w.tick()))
	_, err = w.claim(ws.ID, "bob@example.org")
	requireCode(t, api.Capacity, err)
	for _, m := range machines {
		require.NoError(t, w.move(t, m.ID, allocator.Terminated, "its instance has ended", w.tick()))
	}
	o, err := w.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Succeeded, o.State)
	require.Equal(t, 2, o.Done)
	requireCode(t, api.NotFound, w.EndWorkshop(t.Context(), "wks_unknown", op))
	living, err := w.Machines(t.Context(), ws.ID, false)
	require.NoError(t, err)
	require.Empty(t, living)
}

func usersAndAudit(t *testing.T, w *world) {
	hash, err := w.PasswordHash(t.Context(), "admin")
	require.NoError(t, err)
	require.Empty(t, hash)
	for _, want := range []string{"first", "second"} {
		require.NoError(t, w.SetPasswordHash(t.Context(), "admin", want))
		hash, err = w.PasswordHash(t.Context(), "admin")
		require.NoError(t, err)
		require.Equal(t, want, hash)
	}
	e := allocator.Event{At: w.tick(), Actor: "admin", Action: "log in", Subject: "admin", Detail: "127.0.0.1"}
	require.NoError(t, w.Record(t.Context(), allocator.Event{At: w.now, Actor: "x", Action: "earlier"}))
	require.NoError(t, w.Record(t.Context(), e))
	events, err := w.Events(t.Context(), 1)
	require.NoError(t, err)
	require.Equal(t, []allocator.Event{e}, events)
}
