package allocator_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// held is a machine that ann holds, with what its agent reports.
func held(t *testing.T) (w *allocatortest.World, ws allocator.Workshop, session string, report func(api.Report)) {
	t.Helper()
	w = newWorld(t)
	ws = w.ReadyWorkshop(t, 1)
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	m := w.Machines(t, ws)[0]
	return w, ws, c.Seat.Session(), func(r api.Report) {
		t.Helper()
		r.Health, r.Protocol, r.BootID = api.Healthy, api.Protocol, "b"
		_, err := w.Report(t.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, r)
		require.NoError(t, err)
	}
}

func TestWhatASessionIsUsedForIsKeptNowAndThenAndAtItsEnd(t *testing.T) {
	w, ws, session, report := held(t)
	measured := func() int {
		t.Helper()
		stats, err := w.Stats(t.Context(), ws.ID)
		require.NoError(t, err)
		if stats.People == 0 {
			return 0
		}
		return stats.Seats[0].Seconds
	}
	for i := range 13 {
		report(api.Report{Use: &api.SessionUse{Session: session, Seconds: 10 * i}})
		w.Time = w.Time.Add(10 * time.Second)
	}
	require.Equal(t, 120, measured(), "each minute")
	report(api.Report{Use: &api.SessionUse{Session: session, Seconds: 130}})
	require.Equal(t, 120, measured())
	report(api.Report{Ended: []api.SessionUse{{Session: session, Seconds: 133, Ended: true}}})
	require.Equal(t, 133, measured())
	report(api.Report{Ended: []api.SessionUse{{Session: session, Seconds: 133, Ended: true}}})
	require.Equal(t, 133, measured(), "what is told twice counts once")
}

// Whoever has root on a machine may say what they like.
func TestAMachineSaysNothingOfOthersAndNothingThatCannotBe(t *testing.T) {
	w, ws, session, report := held(t)
	report(api.Report{Use: &api.SessionUse{Session: "sea_x-1", Seconds: 5}, Ended: []api.SessionUse{{Session: ""}, {Session: "sea_x-y"}, {Session: "sea_x-1", Seconds: 5}}})
	stats, err := w.Stats(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Empty(t, stats.Seats)
	report(api.Report{Use: &api.SessionUse{
		Session: session, Seconds: 1 << 40, GPUActive: new(1 << 40), GPUPeak: new(uint32(4_000_000)), Software: []api.SoftwareUse{{Name: "a\nb", Seconds: 1 << 40, First: -1, Active: new(1 << 40)}},
	}})
	stats, err = w.Stats(t.Context(), ws.ID)
	require.NoError(t, err)
	seat := stats.Seats[0]
	require.LessOrEqual(t, max(seat.Seconds, *seat.GPUActive, seat.Software[0].Seconds, *seat.Software[0].Active), 600)
	require.Equal(t, []any{uint32(100), "a b", 0}, []any{*seat.GPUPeak, seat.Software[0].Name, seat.Software[0].First})
}

func TestAMachineMakesNoSessionsUpAndWritesNoneAgainAndAgain(t *testing.T) {
	w, ws, session, report := held(t)
	writes := 0
	w.Through(counting{w.Store, &writes})
	seat := w.Machines(t, ws)[0].SeatID
	for i := range 50 {
		report(api.Report{Ended: []api.SessionUse{{Session: fmt.Sprintf("%s-%d", seat, i), Seconds: 1 << 40}}})
	}
	stats, err := w.Stats(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Empty(t, stats.Seats, "no session of hers began in 1970")
	writes = 0
	for range 50 {
		report(api.Report{Ended: []api.SessionUse{{Session: session, Seconds: 5, Ended: true}}})
	}
	require.Equal(t, 1, writes)
	w.Time = w.Time.Add(time.Minute)
	report(api.Report{Ended: []api.SessionUse{{Session: session, Seconds: 9, Ended: true}}})
	stats, err = w.Stats(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []int{1, 9}, []int{stats.Seats[0].Sessions, stats.Seats[0].Seconds})
}

type failingUse struct{ allocator.Store }

func (failingUse) KeepUse(context.Context, string, string, api.SessionUse, time.Time) error {
	return errors.New("the database is away")
}

func TestAUseThatCouldNotBeKeptIsKeptWhenItIsToldAgain(t *testing.T) {
	w, ws, session, report := held(t)
	m, store := w.Machines(t, ws)[0], w.Store
	r := api.Report{Health: api.Healthy, BootID: "b", Protocol: api.Protocol, Ended: []api.SessionUse{{Session: session, Seconds: 5, Ended: true}}}
	w.Through(failingUse{store})
	_, err := w.Report(t.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, r)
	require.ErrorContains(t, err, "the database is away")
	w.Through(store)
	report(r)
	stats, err := w.Stats(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, 5, stats.Seats[0].Seconds)
}

func TestTheSessionsOfAParticipantAreAddedUp(t *testing.T) {
	of := func(seat string, seconds int, use api.SessionUse) allocator.UsedSeat {
		use.Seconds = seconds
		return allocator.UsedSeat{Seat: seat, Email: seat + "@example.org", Use: use}
	}
	got := allocator.SeatUses([]allocator.UsedSeat{
		of("ann", 100, api.SessionUse{Software: []api.SoftwareUse{{Name: "blender", Seconds: 60, First: 5, Active: new(50)}}, GPUActive: new(10), GPUPeak: new(uint32(90)), MemoryPeak: new(uint64(7))}),
		of("ann", 50, api.SessionUse{Software: []api.SoftwareUse{{Name: "sleap", Seconds: 20, First: 3}, {Name: "blender", Seconds: 1, Active: new(1)}}, GPUActive: new(5), GPUPeak: new(uint32(40)), LoadPeak: new(2.5)}),
		of("bob", 10, api.SessionUse{}),
	})
	require.Equal(t, []api.SeatUse{
		{
			Seat: "ann", Email: "ann@example.org", Sessions: 2, Seconds: 150, GPUActive: new(15), GPUPeak: new(uint32(90)), MemoryPeak: new(uint64(7)), LoadPeak: new(2.5),
			Software: []api.SoftwareUse{{Name: "blender", Seconds: 61, First: 5, Active: new(51)}, {Name: "sleap", Seconds: 20, First: 103}},
		},
		{Seat: "bob", Email: "bob@example.org", Sessions: 1, Seconds: 10, Software: []api.SoftwareUse{}},
	}, got)
}
