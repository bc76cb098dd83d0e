package allocator_test

import (
	"context"
	"errors"
	"testing"
	"time"
	_ "time/tzdata" // a computer may have none

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// every is a schedule of a workshop in Berlin.
func every(rule, first string) api.NewSchedule {
	return api.NewSchedule{Rule: rule, First: first, Zone: "Europe/Berlin", Minutes: 120, Workshop: api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2}}
}

func TestAScheduleStaysOnItsClockThroughDaylightSaving(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	require.NoError(t, err)
	s := allocator.Schedule{Rule: "FREQ=WEEKLY;BYDAY=TU,TH", First: time.Date(2026, 3, 24, 9, 0, 0, 0, zone), Zone: "Europe/Berlin"}
	begins, err := s.Begins(time.Time{}, time.Date(2026, 4, 3, 0, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, []time.Time{
		time.Date(2026, 3, 24, 8, 0, 0, 0, time.UTC), time.Date(2026, 3, 26, 8, 0, 0, 0, time.UTC), // and on 29 March clocks go forward
		time.Date(2026, 3, 31, 7, 0, 0, 0, time.UTC), time.Date(2026, 4, 2, 7, 0, 0, 0, time.UTC),
	}, begins)
}

func TestAScheduleOpensItsWorkshopsAheadAndEachOnce(t *testing.T) {
	w := newWorld(t) // 1 March, 9 o'clock
	sc, err := w.AddSchedule(t.Context(), "admin", every("FREQ=WEEKLY", "2026-03-03T09:00"))
	require.NoError(t, err)
	begins := func() (out []time.Time) {
		open, err := w.Store.OpenWorkshops(t.Context())
		require.NoError(t, err)
		for _, ws := range open {
			require.Equal(t, sc.ID, ws.ScheduleID)
			require.Equal(t, 2*time.Hour, ws.EndsAt.Sub(ws.StartsAt))
			out = append(out, ws.StartsAt)
		}
		return out
	}
	first := time.Date(2026, 3, 3, 8, 0, 0, 0, time.UTC)
	week := 7 * 24 * time.Hour
	require.Equal(t, []time.Time{first, first.Add(week)}, begins())
	require.NoError(t, w.Reconcile(t.Context()))
	require.Len(t, begins(), 2)
	require.Zero(t, w.EC2.Alive(), "it is not time yet")

	w.Time = first.Add(-20 * time.Minute)
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Equal(t, 2, w.EC2.Alive())
	w.Time = first.Add(2 * time.Hour)
	require.NoError(t, w.Reconcile(t.Context()))
	w.RunAll(t)
	require.Zero(t, w.EC2.Alive(), "nobody had to end it")
	require.Equal(t, []time.Time{first.Add(week), first.Add(2 * week)}, begins())

	require.NoError(t, w.EndSchedule(t.Context(), "admin", sc.ID))
	require.Empty(t, begins())
	require.Equal(t, api.NotFound, api.CodeOf(w.EndSchedule(t.Context(), "admin", sc.ID)))
}

func TestWhatWasMissedIsDoneLateOrTold(t *testing.T) {
	w := newWorld(t)
	_, err := w.AddSchedule(t.Context(), "admin", every("FREQ=DAILY;COUNT=40", "2026-03-02T09:00"))
	require.NoError(t, err)
	open, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Len(t, open, 14)
	w.Time = time.Date(2026, 3, 20, 8, 30, 0, 0, time.UTC) // the allocator was down
	require.NoError(t, w.Reconcile(t.Context()))
	open, err = w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 3, 20, 8, 0, 0, 0, time.UTC), open[0].StartsAt, "it goes on for another hour and a half")
	schedules, err := w.Store.Schedules(t.Context())
	require.NoError(t, err)
	require.Equal(t, time.Date(2026, 3, 19, 8, 0, 0, 0, time.UTC), schedules[0].MissedAt)
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 1000})
	require.NoError(t, err)
	missed := 0
	for _, e := range events {
		if e.Action == "miss workshop" {
			missed++
			require.Contains(t, e.Detail, "the allocator was down")
		}
	}
	require.Equal(t, 4, missed, "those of 16 to 19 March were not open yet")
}

func TestAScheduleIsRefusedInWords(t *testing.T) {
	w := newWorld(t)
	for want, s := range map[string]api.NewSchedule{
		"no recurrence rule":                {Rule: "every Tuesday", First: "2026-03-03T09:00", Zone: "UTC", Minutes: 1},
		"not for workshops":                 every("FREQ=HOURLY", "2026-03-03T09:00"),
		"no such time zone":                 {Rule: "FREQ=DAILY", First: "2026-03-03T09:00", Zone: "Berlin", Minutes: 1},
		"That is no time":                   every("FREQ=DAILY", "tomorrow"),
		"has no workshop":                   every("FREQ=DAILY;COUNT=2", "2020-03-03T09:00"),
		"has too many workshops":            every("FREQ=DAILY;BYHOUR=8,9,10,11,12", "2026-03-03T09:00"),
		"no length of time for a workshop":  {Rule: "FREQ=DAILY", First: "2026-03-03T09:00", Zone: "UTC", Workshop: api.NewWorkshop{Name: "x", Pool: "gpu", Seats: 1}},
		"That many machines cannot be laun": {Rule: "FREQ=DAILY", First: "2026-03-03T09:00", Zone: "UTC", Minutes: 1, Workshop: api.NewWorkshop{Name: "x", Pool: "gpu", Seats: 99}},
		"The schedule says the times":       {Rule: "FREQ=DAILY", First: "2026-03-03T09:00", Zone: "UTC", Minutes: 1, Workshop: api.NewWorkshop{Name: "x", Pool: "gpu", Seats: 1, EndsAt: &noon}},
	} {
		_, err := w.AddSchedule(t.Context(), "admin", s)
		require.ErrorContains(t, err, want)
		require.Equal(t, api.Invalid, api.CodeOf(err))
	}
}

// A pool that the settings have no more keeps a schedule's workshops from being opened.
func TestAWorkshopThatCannotBeOpenedIsToldAndOpenedLate(t *testing.T) {
	w := newWorld(t)
	pools := w.Pools
	_, err := w.AddSchedule(t.Context(), "admin", every("FREQ=DAILY", "2026-03-02T09:00"))
	require.NoError(t, err)
	now := func() allocator.Schedule {
		all, err := w.Store.Schedules(t.Context())
		require.NoError(t, err)
		return all[0]
	}
	through := now().Through
	w.Pools = nil
	w.Time = w.Time.Add(24 * time.Hour)
	require.Error(t, w.Reconcile(t.Context()), "it is logged once")
	require.NoError(t, w.Reconcile(t.Context()))
	require.Contains(t, now().Trouble, "There is no such pool")
	require.Equal(t, through, now().Through, "it is not given up")

	w.Pools = pools
	require.NoError(t, w.Reconcile(t.Context()))
	require.Empty(t, now().Trouble)
	require.True(t, now().Through.After(through), "it is done late")

	through, w.Pools = now().Through, nil
	w.Time = through.Add(24*time.Hour - time.Minute)
	require.Error(t, w.Reconcile(t.Context()))
	w.Time = through.Add(27 * time.Hour) // it would be over
	require.Error(t, w.Reconcile(t.Context()), "the one after it cannot be opened either")
	require.Contains(t, now().MissedBecause, "There is no such pool")
	require.Equal(t, through.Add(24*time.Hour), now().MissedAt)
}

// failing is a store that cannot end a second workshop.
type failing struct {
	allocator.Store
	ended int
}

func (f *failing) EndWorkshop(ctx context.Context, id string, op allocator.Operation, why string) error {
	if f.ended++; f.ended > 1 {
		return errors.New("the disk is full")
	}
	return f.Store.EndWorkshop(ctx, id, op, why)
}

func TestEndingAScheduleThatWasCutShortIsDoneAgain(t *testing.T) {
	w := newWorld(t)
	sc, err := w.AddSchedule(t.Context(), "admin", every("FREQ=DAILY", "2026-03-03T09:00"))
	require.NoError(t, err)
	store := w.Store
	w.Through(&failing{Store: store})
	require.ErrorContains(t, w.EndSchedule(t.Context(), "admin", sc.ID), "disk is full")
	w.Through(store)
	require.NoError(t, w.EndSchedule(t.Context(), "admin", sc.ID))
	open, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Empty(t, open)
}

func TestAScheduleDoesNotOpenAYearOfWorkshopsAtOnce(t *testing.T) {
	w := newWorld(t)
	s := every("FREQ=DAILY", "2025-03-03T09:00")
	s.Minutes = 500_000
	_, err := w.AddSchedule(t.Context(), "admin", s)
	require.ErrorContains(t, err, "too many workshops")
}

func TestATimeThatClocksLeaveOutIsNoSecondWorkshop(t *testing.T) {
	s := allocator.Schedule{Rule: "FREQ=DAILY;BYHOUR=2,3;BYMINUTE=30", First: time.Date(2026, 3, 28, 0, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"}
	begins, err := s.Begins(time.Date(2026, 3, 28, 12, 0, 0, 0, time.UTC), time.Date(2026, 3, 29, 12, 0, 0, 0, time.UTC))
	require.NoError(t, err)
	require.Equal(t, []time.Time{time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)}, begins)
}

func TestAScheduleStaysOnItsClockWhenClocksGoBack(t *testing.T) {
	utc := func(day, hour, minute int) time.Time { return time.Date(2026, 10, day, hour, minute, 0, 0, time.UTC) }
	for name, c := range map[string]struct {
		rule string
		at   [2]int // the hour and the minute, in Berlin
		want []time.Time
	}{
		"at nine":                       {"FREQ=DAILY;COUNT=3", [2]int{9, 0}, []time.Time{utc(24, 7, 0), utc(25, 8, 0), utc(26, 8, 0)}},
		"at a time that there is twice": {"FREQ=DAILY;COUNT=3", [2]int{2, 30}, []time.Time{utc(24, 0, 30), utc(25, 0, 30), utc(26, 1, 30)}},
		"every second week":             {"FREQ=WEEKLY;INTERVAL=2;COUNT=2", [2]int{9, 0}, []time.Time{utc(24, 7, 0), time.Date(2026, 11, 7, 8, 0, 0, 0, time.UTC)}},
		"until a time":                  {"FREQ=DAILY;UNTIL=20261025T080000Z", [2]int{9, 0}, []time.Time{utc(24, 7, 0), utc(25, 8, 0)}},
		"on the last Saturday":          {"FREQ=MONTHLY;BYDAY=-1SA;COUNT=2", [2]int{9, 0}, []time.Time{utc(31, 8, 0), time.Date(2026, 11, 28, 8, 0, 0, 0, time.UTC)}},
	} {
		zone, err := time.LoadLocation("Europe/Berlin")
		require.NoError(t, err)
		s := allocator.Schedule{Rule: c.rule, First: time.Date(2026, 10, 24, c.at[0], c.at[1], 0, 0, zone), Zone: "Europe/Berlin"}
		begins, err := s.Begins(time.Time{}, time.Date(2026, 12, 31, 0, 0, 0, 0, time.UTC))
		require.NoError(t, err)
		require.Equal(t, c.want, begins, name)
	}
}
