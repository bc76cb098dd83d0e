package storetest

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// holding is a store that tells who holds which machine.
type holding interface {
	OnHold(f func(machine string, by allocator.Hold))
}

func holdsAreTold(t *testing.T, w *world) {
	ws, machines := w.ready(t, 1)
	var mu sync.Mutex
	told, held := 0, allocator.Hold{}
	w.Store.(holding).OnHold(func(machine string, by allocator.Hold) {
		mu.Lock()
		defer mu.Unlock()
		require.Equal(t, machines[0].ID, machine)
		told, held = told+1, by
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
	m, err := w.Machine(t.Context(), machines[0].ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Hold{Session: ann.Session(), Number: m.Number}, held)
	waits, err := w.claim(ws.ID, "bob@example.org")
	require.NoError(t, err)
	require.Zero(t, heard(), "who waits holds nothing")
	require.NoError(t, w.ReleaseSeat(t.Context(), ann.ID, "left", w.tick()))
	require.Positive(t, heard())
	bob, err := w.Seat(t.Context(), waits.ID)
	require.NoError(t, err)
	require.Equal(t, bob.Session(), held.Session, "who waited has it")
	require.Greater(t, held.Number, m.Number)
	require.NoError(t, w.ReleaseSeat(t.Context(), bob.ID, "left", w.tick()))
	require.Positive(t, heard())
	require.Empty(t, held, "nobody")
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

func idleSeatsEnd(t *testing.T, w *world) {
	ws, machines := w.ready(t, 1)
	ws.IdleLimit = 10 * time.Minute
	require.NoError(t, w.ChangeWorkshop(t.Context(), ws, nil))
	changed, err := w.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, ws.IdleLimit, changed.IdleLimit)
	w.come(t, ws.ID, "ann@example.org")
	m, ann := machines[0].ID, w.seat(t, ws.ID, "ann@example.org")
	due := func(at time.Time) int {
		all, err := w.SeatsDue(t.Context(), at)
		require.NoError(t, err)
		return len(all)
	}
	idle := func() time.Time { return w.seat(t, ws.ID, "ann@example.org").IdleEndsAt }
	require.True(t, idle().IsZero())
	require.Zero(t, due(w.now.Add(24*time.Hour)), "unknown is not idle")

	active := w.tick()
	heard := func(at time.Time) { require.NoError(t, w.KeepHeard(t.Context(), m, "b", active, at)) }
	heard(active.Add(9 * time.Minute))
	require.Equal(t, active.Add(10*time.Minute), idle())
	require.Zero(t, due(active.Add(11*time.Minute)), "it may have done something since it was heard of")
	requireCode(t, api.NotFound, w.EndSeat(t.Context(), ann.ID, "idle", active.Add(11*time.Minute)))
	heard(active.Add(10 * time.Minute))
	require.Zero(t, due(active.Add(20*time.Minute)), "nothing was heard since")
	require.Equal(t, 1, due(active.Add(11*time.Minute)))

	there := active.Add(11 * time.Minute)
	require.NoError(t, w.StaySeated(t.Context(), ann.ID, there))
	heard(active.Add(12 * time.Minute))
	require.Equal(t, there.Add(10*time.Minute), idle(), "who says so is there")
	w.come(t, ws.ID, "bob@example.org")
	requireCode(t, api.Capacity, w.StaySeated(t.Context(), ann.ID, there))
	requireCode(t, api.NotFound, w.StaySeated(t.Context(), "sea_unknown", there))
	heard(there.Add(10 * time.Minute))
	require.NoError(t, w.EndSeat(t.Context(), ann.ID, "idle", there.Add(11*time.Minute)))
	require.Equal(t, m, w.seat(t, ws.ID, "bob@example.org").MachineID)
	require.True(t, w.seat(t, ws.ID, "bob@example.org").IdleEndsAt.IsZero())
	heard(there.Add(12 * time.Minute)) // a report that was about ann
	require.Equal(t, there.Add(21*time.Minute), w.seat(t, ws.ID, "bob@example.org").IdleEndsAt, "the time before is not his")
	require.Zero(t, due(there.Add(12*time.Minute)))

	bob, err := w.Seat(t.Context(), w.seat(t, ws.ID, "bob@example.org").ID)
	require.NoError(t, err)
	require.Equal(t, "bob@example.org", bob.Email)
	_, err = w.Seat(t.Context(), ann.ID)
	requireCode(t, api.NotFound, err)
	require.NoError(t, w.KeepHeard(t.Context(), m, "b", time.Time{}, there))
	require.NoError(t, w.StaySeated(t.Context(), bob.ID, there), "nothing to keep is no error")
	require.True(t, w.seat(t, ws.ID, "bob@example.org").IdleEndsAt.IsZero())
}

func whoSaysSoStays(t *testing.T, w *world) {
	ws, machines := w.ready(t, 1)
	w.come(t, ws.ID, "ann@example.org")
	ann := w.seat(t, ws.ID, "ann@example.org")
	active := w.tick()
	last := func(at time.Time) time.Time {
		t.Helper()
		require.NoError(t, w.KeepHeard(t.Context(), machines[0].ID, "b", active, at))
		m, err := w.Machine(t.Context(), machines[0].ID)
		require.NoError(t, err)
		return m.ActiveAt
	}
	now := active.Add(9 * time.Minute)
	last(now)
	require.NoError(t, w.StaySeated(t.Context(), ann.ID, now.Add(2*time.Minute)))
	require.Equal(t, now.Add(2*time.Minute), last(now), "the clock of the allocator that hears of it is behind")
	require.NoError(t, w.StaySeated(t.Context(), ann.ID, now.Add(time.Hour)))
	require.Equal(t, active, last(now), "that of the other one was wrong")
}

func machineReboots(t *testing.T, w *world) {
	ws, machines := w.ready(t, 2)
	w.come(t, ws.ID, "ann@example.org")
	ann := w.seat(t, ws.ID, "ann@example.org")
	m := func() allocator.Machine {
		got, err := w.Machine(t.Context(), ann.MachineID)
		require.NoError(t, err)
		return got
	}
	require.NoError(t, w.KeepHeard(t.Context(), m().ID, "boot-1", time.Time{}, w.tick()))
	require.NoError(t, w.KeepAction(t.Context(), m().ID, api.Reboot))
	require.NoError(t, w.SetHealth(t.Context(), m().ID, api.Unhealthy, "GPU 0 is lost", w.tick()))
	require.Equal(t, api.Reboot, m().Action)

	op := allocator.Operation{ID: w.id("op"), Kind: allocator.Reboot, WorkshopID: ws.ID, State: allocator.Queued, By: "admin", CreatedAt: w.tick()}
	seen := m()
	seen.SeatID = ""
	requireCode(t, api.Conflict, w.RebootMachine(t.Context(), seen, op, "as it was not"))
	require.NoError(t, w.RebootMachine(t.Context(), m(), op, "a reboot may help"))
	require.Equal(t, []any{allocator.Rebooting, 1, "boot-1", true}, []any{m().State, m().Reboots, m().RebootFrom, m().RebootAskedAt.IsZero()})
	after := w.seat(t, ws.ID, "ann@example.org")
	require.Equal(t, allocator.SeatAssigned, after.State)
	require.NotEqual(t, ann.MachineID, after.MachineID, "who held it has another one")
	at := w.tick()
	require.NoError(t, w.KeepRebootAsked(t.Context(), m().ID, "its agent", at))
	require.Equal(t, at, m().RebootAskedAt)

	require.NoError(t, w.SetHealth(t.Context(), m().ID, api.Healthy, "", w.tick()))
	require.Equal(t, allocator.Rebooting, m().State, "that was said before it rebooted")
	require.NoError(t, w.KeepHeard(t.Context(), m().ID, "boot-2", time.Time{}, w.tick()))
	back := w.tick()
	require.NoError(t, w.SetHealth(t.Context(), m().ID, api.Healthy, "", back))
	require.Equal(t, allocator.Ready, m().State)
	o, err := w.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Succeeded, o.State)
	require.NoError(t, w.KeepRebootAsked(t.Context(), m().ID, "EC2", w.tick()), "too late, which is no matter")
	require.Equal(t, at, m().RebootAskedAt)

	require.NoError(t, w.KeepHeard(t.Context(), m().ID, "boot-2", time.Time{}, back.Add(allocator.WellAfter-time.Minute)))
	require.Equal(t, 1, m().Reboots)
	require.NoError(t, w.KeepHeard(t.Context(), m().ID, "boot-2", time.Time{}, back.Add(allocator.WellAfter)))
	require.Zero(t, m().Reboots, "it has been well for long enough")
	require.Len(t, machines, 2)
}

func messageIsKept(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	w.come(t, ws.ID, "ann@example.org")
	ann := w.seat(t, ws.ID, "ann@example.org")
	at := w.tick()
	require.NoError(t, w.KeepMessage(t.Context(), ann.ID, "Lunch is at noon.", at))
	got := w.seat(t, ws.ID, "ann@example.org")
	require.Equal(t, []any{"Lunch is at noon.", at}, []any{got.Message, got.MessageAt})
	require.NoError(t, w.KeepMessage(t.Context(), ann.ID, "", w.tick()))
	require.Empty(t, w.seat(t, ws.ID, "ann@example.org").Message)
	requireCode(t, api.NotFound, w.KeepMessage(t.Context(), "sea_unknown", "x", at))
}

func seatIsMoved(t *testing.T, w *world) {
	ws := w.collecting(t, 2)
	w.come(t, ws.ID, "ann@example.org")
	before := w.seat(t, ws.ID, "ann@example.org")
	require.NoError(t, w.MoveSeat(t.Context(), before.ID, "you were moved by admin", w.tick()))
	after := w.seat(t, ws.ID, "ann@example.org")
	require.NotEqual(t, before.MachineID, after.MachineID)
	require.NotEqual(t, before.Session(), after.Session())
	require.Equal(t, []any{"you were moved by admin", allocator.LossMoved}, []any{after.Note, after.Lost})
	require.Equal(t, allocator.Draining, w.machine(t, before.MachineID).State, "what she made there is collected")
	require.Equal(t, before.AssignedAt, w.collectionOn(t, before.MachineID).Since)
	requireCode(t, api.Capacity, w.MoveSeat(t.Context(), before.ID, "again", w.tick()))
	requireCode(t, api.NotFound, w.MoveSeat(t.Context(), "sea_unknown", "x", w.tick()))

	w.come(t, ws.ID, "bob@example.org")
	requireCode(t, api.NotFound, w.MoveSeat(t.Context(), w.seat(t, ws.ID, "bob@example.org").ID, "he waits", w.tick()))
	end := w.tick().Add(time.Hour)
	requireCode(t, api.Conflict, w.KeepSeat(t.Context(), after.ID, end, end.Add(1), w.now))
	require.NoError(t, w.KeepSeat(t.Context(), after.ID, time.Time{}, end, w.now))
	require.Equal(t, end, w.seat(t, ws.ID, "ann@example.org").EndsAt, "whoever waits")
	requireCode(t, api.NotFound, w.KeepSeat(t.Context(), "sea_unknown", end, end, w.now))
}

func machineLeaves(t *testing.T, w *world) {
	ws, machines := w.ready(t, 1)
	m := machines[0]
	seen := m
	seen.SeatID = "sea_other"
	requireCode(t, api.Conflict, w.LeaveMachine(t.Context(), seen, "it is old", w.tick()))
	require.NoError(t, w.LeaveMachine(t.Context(), m, "it is old", w.tick()))
	require.Equal(t, "it is old", w.machine(t, m.ID).Leaving)
	w.come(t, ws.ID, "ann@example.org")
	require.Equal(t, allocator.SeatQueued, w.seat(t, ws.ID, "ann@example.org").State, "nobody gets it any more")
	require.NoError(t, w.move(t, m.ID, allocator.Unhealthy, "it broke", w.tick()))
	requireCode(t, api.Conflict, w.LeaveMachine(t.Context(), w.machine(t, m.ID), "again", w.tick()))
}

func unendedIsKept(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	m := w.machines(t, ws.ID)[0]
	requireCode(t, api.Conflict, w.KeepUnended(t.Context(), m, "it is protected", w.tick()))
	end := allocator.Operation{ID: w.id("op"), Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, By: "ann", CreatedAt: w.tick()}
	require.NoError(t, w.TerminateMachine(t.Context(), m, end, "it is done"))
	requireCode(t, api.Conflict, w.KeepUnended(t.Context(), m, "it is protected", w.tick()))
	m = w.machine(t, m.ID)
	require.NoError(t, w.KeepUnended(t.Context(), m, "it is protected", w.tick()))
	kept := w.machine(t, m.ID)
	require.Equal(t, []any{allocator.Terminating, "it is protected", m.ChangedAt}, []any{kept.State, kept.Reason, kept.ChangedAt})
	line, err := w.Timeline(t.Context(), m.ID)
	require.NoError(t, err)
	require.Equal(t, allocator.Change{At: w.now, From: allocator.Terminating, To: allocator.Terminating, Reason: "it is protected"}, line[len(line)-1])
	requireCode(t, api.NotFound, w.KeepUnended(t.Context(), allocator.Machine{ID: "mch_unknown"}, "x", w.tick()))
}

func silenceIsKept(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	w.come(t, ws.ID, "ann@example.org")
	id := w.seat(t, ws.ID, "ann@example.org").MachineID
	require.NoError(t, w.KeepHeard(t.Context(), id, "b", time.Time{}, w.tick()))
	seen := w.machine(t, id)
	require.NoError(t, w.KeepHeard(t.Context(), id, "b", time.Time{}, w.tick()))
	requireCode(t, api.Conflict, w.KeepFailed(t.Context(), seen, "it is silent", w.tick()))
	seen = w.machine(t, id)
	require.NoError(t, w.KeepFailed(t.Context(), seen, "it is silent", w.tick()))
	m := w.machine(t, id)
	require.Equal(t, []any{allocator.Assigned, api.Unhealthy, "it is silent", w.now}, []any{m.State, m.Health, m.HealthReason, m.HealthSince})
	line, err := w.Timeline(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, allocator.Change{At: w.now, From: allocator.Assigned, To: allocator.Assigned, Reason: "it is silent"}, line[len(line)-1])
	requireCode(t, api.Conflict, w.KeepFailed(t.Context(), seen, "it is silent", w.tick()))

	require.NoError(t, w.ReleaseSeat(t.Context(), m.SeatID, "she left", w.tick()))
	require.NoError(t, w.SetHealth(t.Context(), id, api.Healthy, "", w.tick()))
	requireCode(t, api.Conflict, w.KeepFailed(t.Context(), w.machine(t, id), "it is silent", w.tick()))
	requireCode(t, api.NotFound, w.KeepFailed(t.Context(), allocator.Machine{ID: "mch_unknown"}, "it is silent", w.tick()))
}
