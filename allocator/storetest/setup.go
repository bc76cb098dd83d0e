package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func setupIsKept(t *testing.T, w *world) {
	ws, machines := w.ready(t, 2)
	since := w.tick()
	how := api.SetupStatus{Sum: "abc", State: api.SetupRunning, Step: "startup", Attempt: 2, Of: 3, Note: "again", Line: "it's `so`", Since: &since}
	require.NoError(t, w.KeepSetup(t.Context(), machines[0].ID, how, "it is being set up", w.tick()))
	now := w.machines(t, ws.ID)
	require.Equal(t, how, now[0].Setup)
	require.Equal(t, machines[0].Reason, now[0].Reason, "it does not boot")
	require.Equal(t, api.SetupStatus{}, now[1].Setup)
	require.NoError(t, w.KeepSetup(t.Context(), machines[0].ID, api.SetupStatus{State: api.SetupDone}, "", w.tick()))
	timeline, err := w.Timeline(t.Context(), machines[0].ID)
	require.NoError(t, err)
	require.Equal(t, []any{"it is being set up", allocator.Ready, allocator.Ready},
		[]any{timeline[len(timeline)-1].Reason, timeline[len(timeline)-1].From, timeline[len(timeline)-1].To})
	require.Equal(t, api.NotFound, api.CodeOf(w.KeepSetup(t.Context(), "mch_x", how, "", w.tick())))
}

func setUpAnew(t *testing.T, w *world) {
	ws, machines := w.ready(t, 1)
	m := func() allocator.Machine { return w.machines(t, ws.ID)[0] }
	id := machines[0].ID
	again := func() { require.NoError(t, w.SetUpAgain(t.Context(), id, api.Healthy, "", w.tick())) }
	again()
	require.Equal(t, allocator.Ready, m().State, "it is not unhealthy")
	require.NoError(t, w.SetHealth(t.Context(), id, api.Unhealthy, "GPU 0 is lost", w.tick()))
	again()
	require.Equal(t, []any{allocator.Booting, api.Healthy, ""}, []any{m().State, m().Health, m().HealthReason})
	require.NoError(t, w.KeepHeard(t.Context(), id, "boot-1", w.now, w.tick()))
	require.NoError(t, w.Move(t.Context(), id, allocator.Booting, allocator.Rebooting, "a reboot may help", w.tick()))
	again()
	require.Equal(t, allocator.Rebooting, m().State, "that was said before it rebooted")
	require.NoError(t, w.KeepHeard(t.Context(), id, "boot-2", w.now, w.tick()))
	again()
	require.Equal(t, allocator.Booting, m().State)
	requireCode(t, api.NotFound, w.SetUpAgain(t.Context(), "mch_x", api.Healthy, "", w.tick()))
}
