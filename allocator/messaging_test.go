package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAllWhoAreInAWorkshopAreToldAtOnce(t *testing.T) {
	w := allocatortest.New(t)
	ws := w.ReadyWorkshop(t, 1)
	var seats []string
	for _, who := range []string{"ann", "bob"} { // one of them waits
		claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: who + "@example.org"}, "")
		require.NoError(t, err)
		seats = append(seats, claimed.Seat.ID)
	}
	told, err := w.MessageWorkshop(t.Context(), "ines", ws.ID, " Lunch is at noon. ")
	require.NoError(t, err)
	require.Equal(t, 2, told)
	for _, id := range seats {
		seat, err := w.Store.Seat(t.Context(), id)
		require.NoError(t, err)
		require.Equal(t, "Lunch is at noon.", seat.Message)
	}
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Subject: ws.ID, Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []string{"ines", "message workshop", "2 participants: Lunch is at noon."}, []string{events[0].Actor, events[0].Action, events[0].Detail})

	_, err = w.MessageWorkshop(t.Context(), "ines", "wks_none", "x")
	require.Equal(t, api.NotFound, api.CodeOf(err))
	_, err = w.EndWorkshop(t.Context(), "ines", ws.ID)
	require.NoError(t, err)
	_, err = w.MessageWorkshop(t.Context(), "ines", ws.ID, "x")
	require.Equal(t, api.Conflict, api.CodeOf(err))
}

func TestWhatAMachineDoesIsKnownForAWhile(t *testing.T) {
	w := allocatortest.New(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	d, known := w.Doing(m.ID)
	require.True(t, known)
	require.Nil(t, d.Utilisation, "it says nothing of a GPU")
	a, err := w.Store.Agent(t.Context(), m.AgentID)
	require.NoError(t, err)
	_, err = w.Report(t.Context(), a, api.Report{Health: api.Healthy, Readings: []api.Reading{
		{Utilisation: new(uint32(40)), MemoryUsed: new(uint64(3 << 30))}, {Utilisation: new(uint32(200)), MemoryUsed: new(uint64(1 << 30))}, {},
	}})
	require.NoError(t, err)
	d, known = w.Doing(m.ID)
	require.True(t, known)
	require.Equal(t, []any{uint32(100), uint64(4 << 30)}, []any{*d.Utilisation, *d.Memory})
	w.Time = w.Time.Add(2 * time.Minute)
	_, known = w.Doing(m.ID)
	require.False(t, known)
	_, known = w.Doing("mch_none")
	require.False(t, known)
}
