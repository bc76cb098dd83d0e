package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func TestARuleIsReadInItsParts(t *testing.T) {
	first := time.Date(2026, 3, 3, 8, 0, 0, 0, time.UTC) // a Tuesday
	for rule, want := range map[string]allocator.Pattern{
		"FREQ=DAILY":                          {Every: "day", Interval: 1},
		"FREQ=WEEKLY":                         {Every: "week", Interval: 1, Days: []time.Weekday{time.Tuesday}},
		"FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SU":  {Every: "week", Interval: 2, Days: []time.Weekday{time.Monday, time.Sunday}},
		"RRULE:FREQ=DAILY;COUNT=5":            {Every: "day", Interval: 1, Times: 5},
		"FREQ=MONTHLY;UNTIL=20260801T000000Z": {Every: "month", Interval: 1, Until: time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)},
		"FREQ=YEARLY":                         {Every: "year", Interval: 1},
	} {
		got, ok := allocator.Schedule{Rule: rule, First: first, Zone: "UTC"}.Pattern()
		require.True(t, ok, rule)
		require.Equal(t, want, got, rule)
	}
	for _, more := range []string{"FREQ=MONTHLY;BYDAY=-1FR", "FREQ=WEEKLY;BYMONTH=3,4", "FREQ=MONTHLY;BYMONTHDAY=1,15", "FREQ=DAILY;BYHOUR=9,14", "FREQ=MONTHLY;BYDAY=MO", "often"} {
		_, ok := allocator.Schedule{Rule: more, First: first, Zone: "UTC"}.Pattern()
		require.False(t, ok, more)
	}
}

func TestWhatIsComingOfAScheduleIsTold(t *testing.T) {
	sc := allocator.Schedule{Rule: "FREQ=WEEKLY;COUNT=3", First: time.Date(2026, 3, 3, 8, 0, 0, 0, time.UTC), Zone: "Europe/Berlin"}
	all := sc.Coming(sc.First, 5)
	require.Equal(t, []time.Time{time.Date(2026, 3, 10, 8, 0, 0, 0, time.UTC), time.Date(2026, 3, 17, 8, 0, 0, 0, time.UTC)}, all)
	require.Len(t, sc.Coming(sc.First, 1), 1)
	sc.Rule = "often"
	require.Empty(t, sc.Coming(sc.First, 1))
}
