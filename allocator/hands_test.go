package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAMachineIsReplacedOnceAnotherOneIsReady(t *testing.T) {
	o := oneMachine(t, 0)
	claimed, err := o.Claim(t.Context(), api.Claim{Code: o.ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	m, err := o.ReplaceMachine(t.Context(), "admin", o.id)
	require.NoError(t, err)
	require.Equal(t, allocator.Assigned, m.State, "she keeps it until then")
	o.RunAll(t)
	for _, other := range o.Machines(t, o.ws) {
		if other.ID != o.id {
			o.Boot(t, other)
		}
	}
	require.Equal(t, allocator.Terminating, o.pass(t, time.Second).State)
	seat, err := o.SeatOf(t.Context(), claimed.Token)
	require.NoError(t, err)
	require.NotEqual(t, o.id, seat.MachineID)
	require.Equal(t, "it is replaced by admin", seat.Note)
	_, err = o.ReplaceMachine(t.Context(), "admin", o.id)
	require.Equal(t, api.Conflict, api.CodeOf(err))
}

func TestAMachineThatNobodyHoldsIsReplacedAtOnce(t *testing.T) {
	o := oneMachine(t, 0)
	_, err := o.ReplaceMachine(t.Context(), "admin", o.id)
	require.NoError(t, err)
	require.Equal(t, allocator.Terminating, o.look(t).State)
	require.Len(t, o.Machines(t, o.ws), 2)
	op, err := o.DrainMachine(t.Context(), "admin", o.id)
	require.Equal(t, api.Conflict, api.CodeOf(err), "%+v", op)
}

func TestAnInstructorExtendsASeatWhoeverWaits(t *testing.T) {
	w := newWorld(t)
	w.Sessions = allocator.SessionLimits{Max: time.Hour}
	ws := w.ReadyWorkshop(t, 1)
	ann, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	_, err = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "bob@example.org"}, "")
	require.NoError(t, err)
	_, err = w.Extend(t.Context(), ann.Token)
	require.Error(t, err)
	seat, err := w.LengthenSeat(t.Context(), "admin", ann.Seat.ID, time.Time{}, 30)
	require.NoError(t, err)
	require.Equal(t, ann.Seat.EndsAt.Add(30*time.Minute), seat.EndsAt)
	require.NoError(t, w.MessageSeat(t.Context(), "admin", ann.Seat.ID, " Lunch is at noon. "))
	seat, err = w.SeatOf(t.Context(), ann.Token)
	require.NoError(t, err)
	require.Equal(t, "Lunch is at noon.", seat.Message)
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Subject: seat.ID, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, []string{"message seat", "extend seat", "claim seat"}, []string{events[0].Action, events[1].Action, events[2].Action})
}
