package storetest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func machinesAreFound(t *testing.T, w *world) {
	ws, machines := w.ready(t, 3)
	w.come(t, ws.ID, "Ann_B@example.org")
	other, _ := w.open(t, 1)
	gone := w.machines(t, other.ID)[0]
	require.NoError(t, w.move(t, gone.ID, allocator.Terminated, "100 % of it was refused", w.tick()))
	find := func(q allocator.MachineQuery) (ids []string) {
		q.Limit = max(q.Limit, 1)
		all, err := w.FindMachines(t.Context(), q)
		require.NoError(t, err)
		for _, m := range all {
			ids = append(ids, m.ID)
		}
		return ids
	}
	many := func(q allocator.MachineQuery) []string { q.Limit = 10; return find(q) }
	held := w.seat(t, ws.ID, "Ann_B@example.org").MachineID
	newest := []string{machines[2].ID, machines[1].ID, machines[0].ID}
	require.Equal(t, newest, many(allocator.MachineQuery{}))
	require.Equal(t, append([]string{gone.ID}, newest...), many(allocator.MachineQuery{Ended: true}))
	require.Equal(t, []string{gone.ID}, many(allocator.MachineQuery{State: allocator.Terminated}))
	require.Equal(t, []string{held}, many(allocator.MachineQuery{State: allocator.Assigned}))
	require.Equal(t, newest, many(allocator.MachineQuery{Workshop: ws.ID, Pool: "gpu", Health: "healthy"}))
	require.Empty(t, many(allocator.MachineQuery{Pool: "other"}))
	require.Empty(t, many(allocator.MachineQuery{Health: "unhealthy"}))
	for text, want := range map[string][]string{
		" ann_b@EXAMPLE ": {held}, "a10g": newest, strings.ToUpper(held): {held}, "us-west-2A": newest,
		"100 %": {gone.ID}, "%": {gone.ID}, "annxb": nil, `\`: nil, "'; --": nil,
	} {
		require.Equal(t, want, many(allocator.MachineQuery{Text: text, Ended: true}), text)
	}
	require.Equal(t, newest[:1], find(allocator.MachineQuery{}))
	last := machines[2]
	require.Equal(t, newest[1:], many(allocator.MachineQuery{Before: allocator.Place{At: last.CreatedAt, ID: last.ID}}), "of those made at once, too")
	size, err := w.Size(t.Context())
	require.NoError(t, err)
	require.Positive(t, size)
}

func operationsAreFound(t *testing.T, w *world) {
	first, failed := w.open(t, 2)
	require.NoError(t, w.Note(t.Context(), failed.ID, allocator.Running, "no capacity"))
	for _, m := range w.machines(t, first.ID) {
		require.NoError(t, w.move(t, m.ID, allocator.Terminated, "no capacity", w.tick()))
	}
	other, cancelled := w.open(t, 1)
	end := allocator.Operation{ID: w.id("op"), Kind: allocator.Terminate, WorkshopID: other.ID, State: allocator.Queued, By: "ann", CreatedAt: w.tick()}
	_, err := w.CancelOperation(t.Context(), cancelled.ID, end, "it was cancelled", w.now)
	require.NoError(t, err)
	_, running := w.open(t, 3)
	find := func(q allocator.OperationQuery) (out []string) {
		q.Limit = max(q.Limit, 10)
		all, err := w.FindOperations(t.Context(), q)
		require.NoError(t, err)
		for _, o := range all {
			out = append(out, fmt.Sprintf("%s %s %d+%d/%d", o.ID, o.State, o.Done, o.Failed, o.Total))
		}
		return out
	}
	lines := []string{running.ID + " queued 0+0/3", end.ID + " queued 0+0/1", cancelled.ID + " cancelled 0+1/1", failed.ID + " failed 0+2/2"}
	require.Equal(t, lines, find(allocator.OperationQuery{}))
	require.Equal(t, lines[:2], find(allocator.OperationQuery{Only: allocator.OnlyRunning}))
	require.Equal(t, lines[3:], find(allocator.OperationQuery{Only: allocator.OnlyFailed}), "what was cancelled did not fail")
	require.Equal(t, lines[1:3], find(allocator.OperationQuery{Workshop: other.ID}))
	require.Equal(t, lines[2:], find(allocator.OperationQuery{Before: allocator.Place{At: end.CreatedAt, ID: end.ID}}))
}

func auditIsFiltered(t *testing.T, w *world) {
	at := w.tick()
	for _, action := range []string{"open workshop", "end workshop", "Open_schedule"} {
		require.NoError(t, w.Record(t.Context(), allocator.Event{At: w.now, Actor: "ann", Action: action, Subject: "wks_1"}))
		w.tick()
	}
	find := func(q allocator.EventQuery) (out []string) {
		q.Limit = 10
		all, err := w.Events(t.Context(), q)
		require.NoError(t, err)
		for _, e := range all {
			out = append(out, e.Action)
		}
		return out
	}
	require.Equal(t, []string{"Open_schedule", "open workshop"}, find(allocator.EventQuery{Action: "open"}))
	require.Equal(t, []string{"Open_schedule"}, find(allocator.EventQuery{Action: "open_"}))
	require.Equal(t, []string{"end workshop", "open workshop"}, find(allocator.EventQuery{Actor: "ann", Until: w.now.Add(-time.Second)}))
	require.Equal(t, []string{"Open_schedule", "end workshop"}, find(allocator.EventQuery{Since: at.Add(time.Microsecond)}))
}
