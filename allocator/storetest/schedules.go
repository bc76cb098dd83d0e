package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func scheduleTellsItsTrouble(t *testing.T, w *world) {
	through := w.tick()
	sc := allocator.Schedule{
		ID: "sch_1", Rule: "FREQ=DAILY", First: w.now, Zone: "UTC", Lasts: time.Hour, Workshop: api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1},
		Through: through, By: "admin", CreatedAt: w.now,
	}
	require.NoError(t, w.AddSchedule(t.Context(), sc))
	now := func() allocator.Schedule {
		all, err := w.Schedules(t.Context())
		require.NoError(t, err)
		require.Len(t, all, 1)
		return all[0]
	}
	require.Equal(t, sc, now())
	require.NoError(t, w.TroubleSchedule(t.Context(), sc.ID, through, "there is no such pool"))
	require.Equal(t, "there is no such pool", now().Trouble)
	begin := w.now.Add(24 * time.Hour)
	requireCode(t, api.Conflict, w.Miss(t.Context(), sc.ID, begin, begin, "x"))
	requireCode(t, api.Conflict, w.TroubleSchedule(t.Context(), sc.ID, begin, "x"))
	require.NoError(t, w.Miss(t.Context(), sc.ID, through, begin, "there was no such pool"))
	require.Equal(t, []any{begin, begin, "there was no such pool", ""}, []any{now().Through, now().MissedAt, now().MissedBecause, now().Trouble})

	require.NoError(t, w.TroubleSchedule(t.Context(), sc.ID, begin, "again"))
	ws := allocator.Workshop{ID: "wks_1", Name: "Pose", Pool: "gpu", Seats: 1, JoinCode: "code", State: allocator.Open, StartsAt: begin.Add(24 * time.Hour), ScheduleID: sc.ID, CreatedAt: w.now}
	require.NoError(t, w.OpenScheduled(t.Context(), ws, nil, begin))
	require.Empty(t, now().Trouble)
}
