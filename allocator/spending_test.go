package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func TestWhatMachinesCostIsToldByDayAndByWorkshop(t *testing.T) {
	w, ws, _ := costing(t, allocator.Budget{}, 0)
	begun := w.Time // two machines since nine o'clock, a dollar an hour each
	day := begun.Truncate(24 * time.Hour)
	w.Time = day.Add(50 * time.Hour)
	out, err := w.Spending(t.Context(), day, day.AddDate(0, 1, 0))
	require.NoError(t, err)
	require.Equal(t, w.Time, out.To, "no later than now")
	require.Len(t, out.Days, 3)
	first := 2 * day.Add(24*time.Hour).Sub(begun).Hours()
	for i, usd := range []float64{first, 48, 4} {
		require.Equal(t, day.AddDate(0, 0, i), out.Days[i].Begin)
		require.InDelta(t, usd, out.Days[i].USD, 0.1)
		require.InDelta(t, usd, out.Days[i].ByWorkshop[ws.ID], 0.1)
	}
	require.Len(t, out.Workshops, 1)
	require.Equal(t, []any{ws.ID, 2}, []any{out.Workshops[0].ID, out.Workshops[0].Machines})
	require.InDelta(t, first+52, out.Workshops[0].USD, 0.1)
	require.InDelta(t, first+52, out.USD, 0.1)
	require.InDelta(t, first+52, out.Workshops[0].Hours, 0.1)
	require.Len(t, out.Prices, 1)
	months, err := w.CostsByMonth(t.Context(), 1)
	require.NoError(t, err)
	require.InDelta(t, months[0].USD, out.USD, 0.01, "as the month says")

	later, err := w.Spending(t.Context(), day.AddDate(0, 0, 1), day.AddDate(0, 0, 2))
	require.NoError(t, err)
	require.InDelta(t, 48, later.USD, 0.01)
	none, err := w.Spending(t.Context(), day.AddDate(0, 1, 0), day.AddDate(0, 2, 0))
	require.NoError(t, err)
	require.Empty(t, none.Days, "it is yet to come")
	old, err := w.Spending(t.Context(), time.Time{}, w.Time)
	require.NoError(t, err)
	require.LessOrEqual(t, len(old.Days), 402, "the past has an end")

	w.Rates = nil
	out, err = w.Spending(t.Context(), day, w.Time)
	require.NoError(t, err)
	require.Equal(t, 2, out.Unknown)
	require.Zero(t, out.USD)
	require.Equal(t, 2, out.Workshops[0].Machines, "which is not nothing")
}
