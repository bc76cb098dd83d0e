package storetest

import (
	"testing"
	"time"

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
	ws := w.plain(t, 2)
	op := allocator.Operation{ID: "op_x", Kind: allocator.Launch, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	machines := []allocator.Machine{
		{ID: "mch_x1", WorkshopID: ws.ID, Pool: "gpu", State: allocator.Requested}, {ID: "mch_x2", WorkshopID: ws.ID, Pool: "gpu", State: allocator.Requested},
	}
	err := w.AddMachines(t.Context(), machines, op, 0, 4)
	requireCode(t, api.Capacity, err)
	require.ErrorContains(t, err, "may hold 4 machines and holds 3")
	_, err = w.Operation(t.Context(), op.ID)
	requireCode(t, api.NotFound, err)

	// What has ended makes room.
	all, err := w.OperationMachines(t.Context(), first.ID)
	require.NoError(t, err)
	require.NoError(t, w.move(t, all[0].ID, allocator.Terminated, "no capacity", w.tick()))
	require.NoError(t, w.AddMachines(t.Context(), machines, op, 0, 4))
}

func machinesAreAddedOnce(t *testing.T, w *world) {
	ws, _ := w.open(t, 1)
	op := allocator.Operation{ID: "op_x", Kind: allocator.Launch, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	more := []allocator.Machine{{ID: "mch_x", WorkshopID: ws.ID, Pool: "gpu", State: allocator.Requested, Reason: "asked for"}}
	requireCode(t, api.Conflict, w.AddMachines(t.Context(), more, op, 0, 10))
	require.Len(t, w.machines(t, ws.ID), 1, "another one was faster")
	require.NoError(t, w.AddMachines(t.Context(), more, op, 1, 10))
	end := allocator.Operation{ID: "op_end", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	require.NoError(t, w.EndWorkshop(t.Context(), ws.ID, end, "over"))
	op.ID = "op_late"
	requireCode(t, api.Conflict, w.AddMachines(t.Context(), more, op, 2, 10))
}

func workshopIsChanged(t *testing.T, w *world) {
	ws := w.plain(t, 2)
	ws.Seats, ws.Warm, ws.Spares, ws.Invited = 3, 3, 1, true
	ws.EndsAt, ws.SessionLimit, ws.BudgetUSD = w.now.Add(time.Hour), 30*time.Minute, 12.5
	ws.Previews = true
	require.NoError(t, w.ChangeWorkshop(t.Context(), ws, []string{"ann@example.org", "bob@example.org"}))
	require.NoError(t, w.Postpone(t.Context(), ws, "no quota", 2, w.now.Add(time.Minute)))
	requireCode(t, api.Conflict, w.Postpone(t.Context(), ws, "no capacity", 1, w.now)) // it was seen before that
	paused := ws
	paused.Trouble, paused.LaunchFailures, paused.LaunchAfter = "no quota", 2, w.now.Add(time.Minute)
	for _, spoil := range []func(*allocator.Workshop){
		func(ws *allocator.Workshop) { ws.Trouble = "x" },
		func(ws *allocator.Workshop) { ws.LaunchFailures++ },
		func(ws *allocator.Workshop) { ws.LaunchAfter = w.now },
	} {
		seen := paused
		spoil(&seen)
		requireCode(t, api.Conflict, w.Postpone(t.Context(), seen, "no capacity", 1, w.now))
	}
	require.NoError(t, w.Tell(t.Context(), ws.ID, "another trouble", "late")) // it is not that any more
	requireCode(t, api.Conflict, w.ChangeWorkshop(t.Context(), ws, nil))      // it was seen before the change
	ws.Version++
	ws.Trouble, ws.LaunchFailures, ws.LaunchAfter = "no quota", 2, w.now.Add(time.Minute)
	open, err := w.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Equal(t, []allocator.Workshop{ws}, open)
	roster, err := w.Roster(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"ann@example.org", "bob@example.org"}, roster)
	require.NoError(t, w.ChangeWorkshop(t.Context(), ws, nil))
	ws.Version++
	roster, err = w.Roster(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Len(t, roster, 2, "the roster stays")
	require.NoError(t, w.ChangeWorkshop(t.Context(), ws, []string{}))
	ws.Version++
	roster, err = w.Roster(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Empty(t, roster)
	end := allocator.Operation{ID: "op_end", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	require.NoError(t, w.EndWorkshop(t.Context(), ws.ID, end, "over"))
	requireCode(t, api.Conflict, w.ChangeWorkshop(t.Context(), ws, nil))
	open, err = w.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
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
	require.NoError(t, w.EndWorkshop(t.Context(), ws.ID, op, "over"))
	requireCode(t, api.Conflict, w.EndWorkshop(t.Context(), ws.ID, op, "over"))
	for _, m := range w.machines(t, ws.ID) {
		require.Equal(t, allocator.Terminating, m.State)
		require.Empty(t, m.SeatID)
	}
	requireCode(t, api.NotFound, w.ReleaseSeat(t.Context(), seat.ID, "too late", w.tick()))
	_, err = w.claim(ws.ID, "bob@example.org")
	requireCode(t, api.Conflict, err)
	for _, m := range machines {
		require.NoError(t, w.move(t, m.ID, allocator.Terminated, "it has ended", w.tick()))
	}
	o, err := w.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Succeeded, o.State)
	require.Equal(t, 2, o.Done)
	requireCode(t, api.NotFound, w.EndWorkshop(t.Context(), "wks_unknown", op, "over"))
	living, err := w.Machines(t.Context(), ws.ID, false)
	require.NoError(t, err)
	require.Empty(t, living)
}
