package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAMachineHasTheSessionOfWhoHoldsIt(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	w.Agents.Connect(m)
	first, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.Settled()
	require.NotEmpty(t, first.Seat.Session())
	require.Equal(t, first.Seat.Session(), w.Agents.Session(m.ID))

	second, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "bob@example.org"}, "")
	require.NoError(t, err)
	require.Empty(t, second.Seat.Session(), "who waits has none")
	w.Time = w.Time.Add(time.Second)
	require.NoError(t, w.Leave(t.Context(), first.Token))
	w.Settled()
	held, err := w.SeatOf(t.Context(), second.Token)
	require.NoError(t, err)
	require.Equal(t, held.Session(), w.Agents.Session(m.ID), "the next one begins anew")

	require.NoError(t, w.Leave(t.Context(), second.Token))
	w.Settled()
	require.Empty(t, w.Agents.Session(m.ID), "nobody finds what another one left behind")
}

func TestASessionThatCouldNotBeStartedIsTriedAgainWhenItsAgentReports(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	_, a := w.Boot(t, m)
	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.Settled()
	w.Agents.Connect(m)
	w.Agents.Fail("no display is free")
	report := func(session string) {
		_, err := w.Report(t.Context(), a, api.Report{Health: api.Healthy, Session: &api.SessionStatus{ID: session}})
		require.NoError(t, err)
		w.Settled()
	}
	report("")
	require.Empty(t, w.Agents.Session(m.ID))
	live := w.Look(t.Context(), claimed.Seat)
	require.True(t, live.Reachable)
	require.Contains(t, live.Starting, "no display is free")

	w.Agents.Fail("")
	require.Equal(t, "Your desktop is being started.", w.Look(t.Context(), claimed.Seat).Starting)
	report("")
	require.Equal(t, claimed.Seat.Session(), w.Agents.Session(m.ID))
	require.Empty(t, w.Look(t.Context(), claimed.Seat).Starting)

	require.NoError(t, w.Leave(t.Context(), claimed.Token))
	w.Settled()
	require.NoError(t, w.Agents.StartSession(t.Context(), m.ID, "an old one", w.Machines(t, ws)[0].Number))
	report("an old one")
	require.Empty(t, w.Agents.Session(m.ID))

	require.NoError(t, w.Agents.StartSession(t.Context(), m.ID, "left over", w.Machines(t, ws)[0].Number))
	report("")
	require.NotEmpty(t, w.Agents.Session(m.ID))
	_, err = w.Report(t.Context(), a, api.Report{Health: api.Healthy, Session: &api.SessionStatus{Trouble: "The session before does not end"}})
	require.NoError(t, err)
	w.Settled()
	require.Empty(t, w.Agents.Session(m.ID), "what is left of one, by an agent that has started again")
}

func TestItIsWrittenDownNowAndThenThatAnAgentWasHeardOf(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	_, a := w.Boot(t, m)
	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	say := func(idle *int) (heard, active time.Time) {
		w.Time = w.Time.Add(10 * time.Second)
		_, err := w.Report(t.Context(), a, api.Report{Health: api.Healthy, BootID: "b", Session: &api.SessionStatus{ID: claimed.Seat.Session(), IdleSeconds: idle}})
		require.NoError(t, err)
		got, err := w.Store.Machine(t.Context(), m.ID)
		require.NoError(t, err)
		require.Equal(t, "b", got.BootID)
		return got.HeardAt, got.ActiveAt
	}
	heard, active := say(new(4))
	require.Equal(t, w.Time, heard)
	require.Equal(t, w.Time.Add(-4*time.Second), active)
	again, _ := say(new(14))
	require.Equal(t, heard, again, "nothing new")
	for range 5 {
		again, active = say(new(0))
	}
	require.Equal(t, w.Time, again)
	require.Equal(t, w.Time, active)
	_, active = say(nil)
	require.True(t, active.IsZero(), "unknown is not idle")
	_, active = say(new(3))
	require.False(t, active.IsZero())
	require.Equal(t, allocator.Assigned, w.Machines(t, ws)[0].State)
}
