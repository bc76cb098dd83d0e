package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func rosterIsHeld(t *testing.T, w *world) {
	ws := w.plain(t, 1)
	ws.Invited = true
	require.NoError(t, w.ChangeWorkshop(t.Context(), ws, []string{"ann@example.org"}))
	_, err := w.claim(ws.ID, "bob@example.org")
	requireCode(t, api.Forbidden, err)
	_, err = w.claim(ws.ID, "ann@example.org")
	require.NoError(t, err)
}

// seat is somebody's seat as it is now.
func (w *world) seat(t *testing.T, workshop, email string) allocator.Seat {
	t.Helper()
	all, err := w.Seats(t.Context(), workshop)
	require.NoError(t, err)
	for _, s := range all {
		if s.Email == email {
			return s
		}
	}
	require.FailNow(t, email+" has no seat")
	return allocator.Seat{}
}

// come lets people claim, one after the other.
func (w *world) come(t *testing.T, workshop string, emails ...string) {
	t.Helper()
	for _, email := range emails {
		_, err := w.claim(workshop, email)
		require.NoError(t, err)
	}
}

func queueIsInOrder(t *testing.T, w *world) {
	ws, _ := w.ready(t, 2)
	w.come(t, ws.ID, "ann@example.org", "bob@example.org", "cleo@example.org", "dan@example.org")
	require.Equal(t, 1, w.seat(t, ws.ID, "cleo@example.org").Position)
	require.Equal(t, 2, w.seat(t, ws.ID, "dan@example.org").Position)

	left := w.seat(t, ws.ID, "bob@example.org")
	at := w.tick()
	require.NoError(t, w.ReleaseSeat(t.Context(), left.ID, "left", at))
	cleo := w.seat(t, ws.ID, "cleo@example.org")
	require.Equal(t, []any{allocator.SeatAssigned, left.MachineID, 0, at}, []any{cleo.State, cleo.MachineID, cleo.Position, cleo.AssignedAt})
	dan := w.seat(t, ws.ID, "dan@example.org")
	require.Equal(t, 1, dan.Position)
	require.NoError(t, w.ReleaseSeat(t.Context(), dan.ID, "does not want to wait", w.tick()))
	counts, err := w.LiveSeats(t.Context())
	require.NoError(t, err)
	require.Equal(t, map[string]int{ws.ID: 2}, counts)
	timeline, err := w.Timeline(t.Context(), left.MachineID)
	require.NoError(t, err)
	require.Equal(t, "given to cleo@example.org", timeline[len(timeline)-1].Reason)
}

func lostMachineComesFirst(t *testing.T, w *world) {
	ws, _ := w.ready(t, 2)
	w.come(t, ws.ID, "ann@example.org", "bob@example.org", "cleo@example.org")
	lost, other := w.seat(t, ws.ID, "bob@example.org"), w.seat(t, ws.ID, "ann@example.org")
	require.NoError(t, w.move(t, lost.MachineID, allocator.Terminated, "it was ended outside LabLink", w.tick()))
	bob := w.seat(t, ws.ID, "bob@example.org")
	require.Equal(t, []any{lost.ID, allocator.SeatQueued, 1}, []any{bob.ID, bob.State, bob.Position}, "he came before cleo")
	require.Equal(t, []any{"it was ended outside LabLink", allocator.LossEnded}, []any{bob.Note, bob.Lost})
	require.NoError(t, w.ReleaseSeat(t.Context(), other.ID, "left", w.tick()))
	require.Equal(t, other.MachineID, w.seat(t, ws.ID, "bob@example.org").MachineID)

	op := allocator.Operation{ID: "op_x", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	seen, err := w.Machine(t.Context(), other.MachineID)
	require.NoError(t, err)
	require.NoError(t, w.TerminateMachine(t.Context(), seen, op, "it was ended by admin"))
	require.Equal(t, "it was ended by admin", w.seat(t, ws.ID, "bob@example.org").Note)
}

func machineIsEndedAsItWasSeen(t *testing.T, w *world) {
	ws, machines := w.ready(t, 1)
	w.come(t, ws.ID, "ann@example.org") // after somebody found that the machine is not needed
	op := allocator.Operation{ID: "op_x", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	requireCode(t, api.Conflict, w.TerminateMachine(t.Context(), machines[0], op, "it is not needed any more"))
	require.Equal(t, machines[0].ID, w.seat(t, ws.ID, "ann@example.org").MachineID)
	unfinished, err := w.Unfinished(t.Context())
	require.NoError(t, err)
	require.NotContains(t, unfinished, op.ID)

	require.NoError(t, w.ReleaseSeat(t.Context(), w.seat(t, ws.ID, "ann@example.org").ID, "she left", w.tick()))
	require.NotEqual(t, machines[0].ChangedAt, w.machines(t, ws.ID)[0].ChangedAt)
	requireCode(t, api.Conflict, w.TerminateMachine(t.Context(), machines[0], op, "it is not needed any more")) // it is ready again, but was held
	seen := w.machines(t, ws.ID)[0]
	require.NoError(t, w.LeaveMachine(t.Context(), seen, "another one takes its place", w.tick()))
	requireCode(t, api.Conflict, w.TerminateMachine(t.Context(), seen, op, "it is not needed any more"))
	require.NoError(t, w.TerminateMachine(t.Context(), w.machines(t, ws.ID)[0], op, "it is not needed any more"))
}

func machinesAreEndedTogether(t *testing.T, w *world) {
	ws, machines := w.ready(t, 3)
	w.come(t, ws.ID, "ann@example.org") // after they were seen
	held := w.seat(t, ws.ID, "ann@example.org").MachineID
	op := allocator.Operation{ID: "op_x", Kind: allocator.Terminate, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.tick()}
	var all []allocator.Ending
	for _, m := range machines {
		all = append(all, allocator.Ending{Machine: m, Why: "because of " + m.ID})
	}
	ended, err := w.DrainMachines(t.Context(), op, all)
	require.NoError(t, err)
	require.Len(t, ended, 2)
	require.NotContains(t, ended, held, "it was given away meanwhile")
	for _, id := range ended {
		m := w.machine(t, id)
		require.Equal(t, []any{allocator.Terminating, "because of " + id}, []any{m.State, m.Reason})
	}
	o, err := w.Operation(t.Context(), op.ID)
	require.NoError(t, err)
	require.Equal(t, 2, o.Total)

	op.ID = "op_y"
	_, err = w.DrainMachines(t.Context(), op, all)
	requireCode(t, api.Conflict, err)
	_, err = w.DrainMachines(t.Context(), op, []allocator.Ending{{Machine: allocator.Machine{ID: "mch_unknown"}}})
	requireCode(t, api.NotFound, err)
	_, err = w.Operation(t.Context(), op.ID)
	requireCode(t, api.NotFound, err)
}

func startIsWaitedFor(t *testing.T, w *world) {
	ws := w.plain(t, 1)
	op := allocator.Operation{ID: "op_x", Kind: allocator.Launch, WorkshopID: ws.ID, State: allocator.Queued, CreatedAt: w.now}
	later := ws
	later.ID, later.JoinCode, later.StartsAt = "wks_later", "later", w.now.Add(time.Hour)
	require.NoError(t, w.OpenWorkshop(t.Context(), later, nil))
	require.NoError(t, w.AddMachines(t.Context(), []allocator.Machine{{ID: "mch_x", WorkshopID: later.ID, Pool: "gpu", State: allocator.Requested, Reason: "asked for"}}, op, 0, 10))
	w.launch(t, op)
	m := w.machines(t, later.ID)[0]
	w.register(t, m)
	require.NoError(t, w.SetHealth(t.Context(), m.ID, api.Healthy, "", w.tick()))
	w.come(t, later.ID, "ann@example.org")
	require.NoError(t, w.GiveSeats(t.Context(), later.ID, w.tick()))
	require.Equal(t, 1, w.seat(t, later.ID, "ann@example.org").Position)
	require.NoError(t, w.GiveSeats(t.Context(), later.ID, later.StartsAt))
	require.Equal(t, m.ID, w.seat(t, later.ID, "ann@example.org").MachineID)
}

func spareIsNoSeat(t *testing.T, w *world) {
	ws, _ := w.ready(t, 2)
	ws.Seats, ws.Warm, ws.Spares = 1, 1, 1
	require.NoError(t, w.ChangeWorkshop(t.Context(), ws, nil))
	w.come(t, ws.ID, "ann@example.org", "bob@example.org")
	require.Equal(t, 1, w.seat(t, ws.ID, "bob@example.org").Position)
	ann := w.seat(t, ws.ID, "ann@example.org")
	require.NoError(t, w.move(t, ann.MachineID, allocator.Terminated, "it was lost", w.tick()))
	after := w.seat(t, ws.ID, "ann@example.org")
	require.Equal(t, allocator.SeatAssigned, after.State, "the spare is for her")
	require.NotEqual(t, ann.MachineID, after.MachineID)
	took, err := w.BootTimes(t.Context(), "gpu", 1)
	require.NoError(t, err)
	require.Len(t, took, 1)
	require.Positive(t, took[0])
}

func seatEnds(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	ws.SessionLimit = 10 * time.Minute
	require.NoError(t, w.ChangeWorkshop(t.Context(), ws, nil))
	w.come(t, ws.ID, "ann@example.org")
	ann := w.seat(t, ws.ID, "ann@example.org")
	require.Equal(t, ann.AssignedAt.Add(10*time.Minute), ann.EndsAt)
	due, err := w.SeatsDue(t.Context(), ann.EndsAt.Add(-time.Second))
	require.NoError(t, err)
	require.Empty(t, due)

	until := ann.EndsAt.Add(time.Minute)
	require.NoError(t, w.ExtendSeat(t.Context(), ann.ID, ann.EndsAt, until))
	requireCode(t, api.Conflict, w.ExtendSeat(t.Context(), ann.ID, ann.EndsAt, until.Add(time.Hour)))
	w.come(t, ws.ID, "bob@example.org")
	requireCode(t, api.Capacity, w.ExtendSeat(t.Context(), ann.ID, until, until.Add(time.Hour)))
	requireCode(t, api.NotFound, w.ExtendSeat(t.Context(), w.seat(t, ws.ID, "bob@example.org").ID, time.Time{}, until))
	due, err = w.SeatsDue(t.Context(), until)
	require.NoError(t, err)
	require.Len(t, due, 1)
	require.Equal(t, ann.ID, due[0].ID)
	requireCode(t, api.NotFound, w.EndSeat(t.Context(), ann.ID, "its time was over", ann.EndsAt)) // it was extended
	require.NoError(t, w.EndSeat(t.Context(), ann.ID, "its time was over", until))
	_, err = w.SeatByToken(t.Context(), w.request(ws.ID, "ann@example.org", "token of ann@example.org").Token)
	requireCode(t, api.NotFound, err)
}

func seatEndsWithItsWorkshop(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	ws.SessionLimit, ws.EndsAt = time.Hour, w.now.Add(30*time.Minute)
	require.NoError(t, w.ChangeWorkshop(t.Context(), ws, nil))
	w.come(t, ws.ID, "ann@example.org")
	ann := w.seat(t, ws.ID, "ann@example.org")
	require.Equal(t, []time.Time{ws.EndsAt, ws.EndsAt}, []time.Time{ann.EndsAt, ann.WorkshopEndsAt})
}
