package allocator_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestEachMonthCostsWhatItsMachinesDidInIt(t *testing.T) {
	w, ws, _ := costing(t, allocator.Budget{}, 0)
	begun := w.Time // two machines, a dollar an hour each
	first := time.Date(begun.Year(), begun.Month()+1, 1, 0, 0, 0, 0, time.UTC)
	before := 2 * first.Sub(begun).Hours()
	w.Time = first.Add(10 * time.Hour)
	end := w.Time.Add(5 * time.Hour)
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{EndsAt: &end})
	require.NoError(t, err)

	months, err := w.CostsByMonth(t.Context(), 3)
	require.NoError(t, err)
	require.Len(t, months, 3)
	require.Equal(t, first, months[0].Begin)
	require.InDelta(t, 20, months[0].USD, 0.01)
	require.InDelta(t, 30, months[0].AtEnd, 0.01, "they end with their workshop")
	require.InDelta(t, before, months[1].USD, 1)
	require.InDelta(t, months[1].USD, months[1].AtEnd, 0.01, "it is over")
	require.Zero(t, months[2].USD)

	w.Time = end.Add(time.Hour) // before anybody ends it
	months, err = w.CostsByMonth(t.Context(), 1)
	require.NoError(t, err)
	require.InDelta(t, 32, months[0].USD, 0.01)
	require.InDelta(t, 32, months[0].AtEnd, 0.01)

	spent, err := w.SpentThisMonth(t.Context())
	require.NoError(t, err)
	require.InDelta(t, spent.USD, months[0].USD, 0.01)
}
