package allocator_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func (c *collecting) interrupt(t *testing.T, action string, at time.Time) {
	t.Helper()
	session := &api.SessionStatus{ID: c.Agents.Session(c.claimed.Seat.MachineID)}
	_, err := c.Report(t.Context(), c.agent, api.Report{Health: api.Healthy, Session: session, Interruption: &api.Interruption{Action: action, At: at}})
	require.NoError(t, err)
}

func TestWhatAWSTakesBackIsLeftInTime(t *testing.T) {
	c := newCollecting(t)
	c.Agents.Change(func() { c.Agents.Collecting = &api.CollectStatus{} })
	at := c.Time.Add(2 * time.Minute)
	c.interrupt(t, "terminate", at)
	require.Equal(t, allocator.Draining, c.machine(t).State)
	require.Contains(t, c.machine(t).Leaving, "AWS takes this spot machine back in 2 minutes")
	seat, err := c.SeatOf(t.Context(), c.claimed.Token)
	require.NoError(t, err)
	require.Equal(t, []any{allocator.SeatQueued, 1}, []any{seat.State, seat.Position})
	require.Contains(t, seat.Note, "AWS takes this spot machine back")
	require.Equal(t, allocator.LossTaken, seat.Lost)
	c.Settled()
	all := c.Machines(t, c.ws)
	require.Len(t, all, 2, "another one is launched at once")
	other := all[0].ID
	if other == c.machine(t).ID {
		other = all[1].ID
	}
	c.interrupt(t, "terminate", at)
	c.Settled()
	require.Len(t, c.Machines(t, c.ws), 2, "and once")

	found, err := c.Store.Collection(t.Context(), c.collection(t).ID, c.machine(t).ID)
	require.NoError(t, err)
	require.Equal(t, at.Add(-20*time.Second), found.Deadline)
	require.True(t, c.step(t))
	c.Time = at.Add(-20 * time.Second)
	require.False(t, c.step(t), "what is not kept by then is not waited for")
	require.Equal(t, allocator.Terminating, c.machine(t).State)
	c.RunAll(t)
	launched, err := c.Store.Machine(t.Context(), other)
	require.NoError(t, err)
	c.Boot(t, launched)
	seat, err = c.SeatOf(t.Context(), c.claimed.Token)
	require.NoError(t, err)
	require.Equal(t, other, seat.MachineID)
}

func TestWhoMayLoseTheMachineSoonIsToldOnce(t *testing.T) {
	c := newCollecting(t)
	c.interrupt(t, api.Rebalance, c.Time)
	require.Equal(t, allocator.Assigned, c.machine(t).State)
	seat, err := c.SeatOf(t.Context(), c.claimed.Token)
	require.NoError(t, err)
	require.Contains(t, seat.Message, "Save your work")
	require.NoError(t, c.Store.KeepMessage(t.Context(), seat.ID, "", c.Time))
	c.interrupt(t, api.Rebalance, seat.MessageAt)
	seat, err = c.SeatOf(t.Context(), c.claimed.Token)
	require.NoError(t, err)
	require.Empty(t, seat.Message)

	other := &allocator.Service{Store: c.Store, Queue: c.World, Log: slog.New(slog.DiscardHandler), Now: c.Now}
	m := c.machine(t)
	_, err = other.Report(t.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, api.Report{
		Health: api.Healthy, BootID: "b", Version: "v", Protocol: api.Protocol, Interruption: &api.Interruption{Action: api.Rebalance, At: c.Time},
	})
	require.NoError(t, err)
	other.Close()
	seat, err = c.SeatOf(t.Context(), c.claimed.Token)
	require.NoError(t, err)
	require.Empty(t, seat.Message, "another allocator knows that it was told")
}

func TestAMachineThatIsNoSpotMachineIsNotTakenBack(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	for _, action := range []string{"terminate", api.Rebalance} {
		_, err = w.Report(t.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, api.Report{Health: api.Healthy, BootID: "b", Interruption: &api.Interruption{Action: action, At: w.Time}})
		require.NoError(t, err)
	}
	seat, err := w.SeatOf(t.Context(), c.Token)
	require.NoError(t, err)
	require.Equal(t, allocator.SeatAssigned, seat.State)
	require.Empty(t, seat.Message)
}

// Machines share locks for their reports, and AWS takes many back at once.
func TestAReportDoesNotWaitForAPlan(t *testing.T) {
	c := newCollecting(t)
	store, reported, late := c.Store, make(chan struct{}), false
	c.Through(meanwhile{store, func() {
		select {
		case <-reported:
		case <-time.After(time.Minute):
			late = true
		}
	}})
	c.interrupt(t, "terminate", c.Time.Add(2*time.Minute))
	close(reported)
	c.Settled()
	require.False(t, late, "the report waited")
	require.Len(t, c.Machines(t, c.ws), 2)
}
