package storetest

import (
	"context"
	"strings"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// Changes looks at how seats and operations change between two steps.
type Changes struct {
	seats      map[string]allocator.PastSeat
	operations map[string]allocator.Operation
}

// Check looks whether those of a workshop changed along the tables since the last step,
// each for a reason, and not at all once they had ended.
func (c *Changes) Check(t require.TestingT, s allocator.Store, workshop string) {
	if c.seats == nil {
		c.seats, c.operations = map[string]allocator.PastSeat{}, map[string]allocator.Operation{}
	}
	seats, err := s.SeatHistory(context.Background(), workshop)
	require.NoError(t, err)
	for _, now := range seats {
		was, known := c.seats[now.ID]
		c.seats[now.ID] = now
		if known && was.State != now.State {
			require.True(t, was.State.CanBecome(now.State), "seat %s went from %s to %s", now.ID, was.State, now.State)
		}
		if now.State == allocator.SeatReleased {
			require.NotEmpty(t, now.ReleasedBecause, "seat %s", now.ID)
			require.False(t, now.ReleasedAt.IsZero(), "seat %s", now.ID)
		}
		if was.State == allocator.SeatReleased {
			require.Equal(t, []any{was.ReleasedBecause, was.ReleasedAt, was.MachineID}, []any{now.ReleasedBecause, now.ReleasedAt, now.MachineID}, "seat %s", now.ID)
		}
		if now.State == allocator.SeatAssigned && (was.State != now.State || was.MachineID != now.MachineID) {
			given(t, s, now)
		}
	}
	operations, err := s.Operations(context.Background(), workshop, 10_000)
	require.NoError(t, err)
	for _, now := range operations {
		was, known := c.operations[now.ID]
		c.operations[now.ID] = now
		if known && was.State != now.State {
			require.True(t, was.State.CanBecome(now.State), "operation %s went from %s to %s", now.ID, was.State, now.State)
		}
		if was.State.Finished() {
			require.Equal(t, was, now)
		}
		require.Equal(t, now.State.Finished(), !now.FinishedAt.IsZero(), "operation %+v", now)
		require.True(t, !now.State.Finished() || now.Message != "", "operation %s is %s and does not say why", now.ID, now.State)
	}
}

// given looks whether the timeline of a seat's machine tells why it was given to it.
func given(t require.TestingT, s allocator.Store, seat allocator.PastSeat) {
	timeline, err := s.Timeline(context.Background(), seat.MachineID)
	require.NoError(t, err)
	for _, c := range timeline {
		if c.To == allocator.Assigned && c.At.Equal(seat.AssignedAt) && strings.Contains(c.Reason, seat.Email) {
			return
		}
	}
	require.Fail(t, "the timeline does not tell to whom the machine was given", "seat %+v, timeline %+v", seat, timeline)
}

// CheckPaid looks whether each machine that lives is of a workshop that is open, or is to
// be ended by an operation that is not finished: nobody else pays for it.
func CheckPaid(t require.TestingT, s allocator.Store, machines []allocator.Machine) {
	living := map[string][]allocator.Machine{} // by workshop
	for _, m := range machines {
		if m.State != allocator.Terminated {
			living[m.WorkshopID] = append(living[m.WorkshopID], m)
		}
	}
	for workshop, machines := range living {
		ws, err := s.Workshop(context.Background(), workshop)
		require.NoError(t, err)
		if ws.State == allocator.Open {
			continue
		}
		ended := ending(t, s, workshop)
		for _, m := range machines {
			require.True(t, ended[m.ID], "nobody pays for the machine %s, which is %s: its workshop %s has ended, and no operation ends it", m.ID, m.State, workshop)
		}
	}
}

// ending are the machines of a workshop that operations are to end.
func ending(t require.TestingT, s allocator.Store, workshop string) map[string]bool {
	out := map[string]bool{}
	all, err := s.Operations(context.Background(), workshop, 10_000)
	require.NoError(t, err)
	for _, op := range all {
		if op.Kind != allocator.Terminate || op.State.Finished() {
			continue
		}
		machines, err := s.OperationMachines(context.Background(), op.ID)
		require.NoError(t, err)
		for _, m := range machines {
			out[m.ID] = true
		}
	}
	return out
}
