package allocator_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// counting counts what reports write.
type counting struct {
	allocator.Store
	writes *int
}

func (c counting) KeepHeard(ctx context.Context, machine, boot string, active, at time.Time) error {
	*c.writes++
	return c.Store.KeepHeard(ctx, machine, boot, active, at)
}

func (c counting) KeepSays(ctx context.Context, machine string, says allocator.AgentSays) error {
	*c.writes++
	return c.Store.KeepSays(ctx, machine, says)
}

func (c counting) KeepUse(ctx context.Context, machine, seat string, use api.SessionUse, at time.Time) error {
	*c.writes++
	return c.Store.KeepUse(ctx, machine, seat, use, at)
}

func (c counting) SetHealth(ctx context.Context, machine string, health api.Health, reason string, at time.Time) error {
	*c.writes++
	return c.Store.SetHealth(ctx, machine, health, reason, at)
}

// Another allocator hears the next report, and staff may ask either.
func TestWhatAReportSaysIsKeptWhereEachAllocatorSeesIt(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	agent := allocator.Agent{ID: m.AgentID, MachineID: m.ID}
	writes := 0
	w.Through(counting{w.Store, &writes})
	report := api.Report{Health: api.Healthy, BootID: "b", Protocol: api.Protocol, Version: "v2", Release: "abc"}
	hear := func() int {
		t.Helper()
		writes = 0
		report.Failed = &api.FailedRelease{Release: "def", Reason: "it ended", At: w.Time.Add(-time.Hour).Truncate(time.Hour)}
		_, err := w.Report(t.Context(), agent, report)
		require.NoError(t, err)
		return writes
	}
	require.Positive(t, hear())
	now := w.Machines(t, ws)[0]
	require.True(t, now.Says.Is(allocator.AgentSays{Version: "v2", Release: "abc", Failed: report.Failed}), "%+v", now.Says)
	require.Equal(t, w.Time, now.HeardAt)
	for range 5 {
		w.Time = w.Time.Add(10 * time.Second)
		require.Zero(t, hear(), "the same again is not written")
	}
	report.Version = "v3"
	require.Equal(t, 1, hear())
	require.Equal(t, "v3", w.Machines(t, ws)[0].Says.Version)
	w.Time = w.Time.Add(time.Minute)
	require.Equal(t, 1, hear(), "now and then it is written that it is there")
	require.Equal(t, w.Time, w.Machines(t, ws)[0].HeardAt)
}
