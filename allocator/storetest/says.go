package storetest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func saysIsKept(t *testing.T, w *world) {
	ws, machines := w.ready(t, 2)
	require.Equal(t, allocator.AgentSays{}, machines[0].Says)
	says := allocator.AgentSays{Version: "v2", Release: "abc", Failed: &api.FailedRelease{Release: "def", Reason: "it ended", At: w.tick()}, Desktop: "vnc"}
	require.NoError(t, w.KeepSays(t.Context(), machines[0].ID, says))
	now := w.machines(t, ws.ID)
	require.Equal(t, says, now[0].Says)
	require.Equal(t, allocator.AgentSays{}, now[1].Says)
	says.Failed = nil
	require.NoError(t, w.KeepSays(t.Context(), machines[0].ID, says))
	require.Equal(t, says, w.machines(t, ws.ID)[0].Says)
}

func noticeIsGivenOnce(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	held := func(email string) (allocator.Seat, allocator.Machine) {
		t.Helper()
		seat, err := w.claim(ws.ID, email)
		require.NoError(t, err)
		m := w.machines(t, ws.ID)[0]
		require.False(t, m.Noticed)
		return seat, m
	}
	message := func(of allocator.Seat) string {
		t.Helper()
		seat, err := w.Seat(t.Context(), of.ID)
		require.NoError(t, err)
		return seat.Message
	}
	ann, m := held("ann@example.org")
	require.NoError(t, w.KeepNotice(t.Context(), m.ID, m.Number, "soon", w.tick()))
	require.Equal(t, "soon", message(ann))
	require.True(t, w.machines(t, ws.ID)[0].Noticed)
	require.NoError(t, w.KeepMessage(t.Context(), ann.ID, "hello", w.tick()))
	require.NoError(t, w.KeepNotice(t.Context(), m.ID, m.Number, "soon", w.tick()))
	require.Equal(t, "hello", message(ann), "she was told")

	zoe, err := w.claim(ws.ID, "zoe@example.org")
	require.NoError(t, err)
	told, err := w.KeepMessages(t.Context(), ws.ID, "lunch", w.tick())
	require.NoError(t, err)
	require.Equal(t, []any{2, "lunch", "lunch"}, []any{told, message(ann), message(zoe)})
	told, err = w.KeepMessages(t.Context(), "wks_other", "nothing", w.tick())
	require.NoError(t, err)
	require.Equal(t, []any{0, "lunch"}, []any{told, message(ann)})
	require.NoError(t, w.ReleaseSeat(t.Context(), zoe.ID, "left", w.tick()))
	told, err = w.KeepMessages(t.Context(), ws.ID, "lunch is over", w.tick())
	require.NoError(t, err)
	require.Equal(t, []any{1, "lunch is over"}, []any{told, message(ann)}, "zoe has left")

	require.NoError(t, w.ReleaseSeat(t.Context(), ann.ID, "left", w.tick()))
	bob, next := held("bob@example.org")
	require.NoError(t, w.KeepNotice(t.Context(), m.ID, m.Number, "soon", w.tick()), "who held it has left")
	require.Empty(t, message(bob))
	require.NoError(t, w.KeepNotice(t.Context(), m.ID, next.Number, "soon", w.tick()))
	require.Equal(t, "soon", message(bob))
}

func numberRises(t *testing.T, w *world) {
	ws, machines := w.ready(t, 1)
	before := machines[0].Number
	require.GreaterOrEqual(t, before, machines[0].ChangedAt.UnixMicro(), "that of a backup is below it")
	for _, to := range []allocator.MachineState{allocator.Unhealthy, allocator.Ready} { // by an allocator whose clock is behind
		require.NoError(t, w.move(t, machines[0].ID, to, "it changes", w.now.Add(-time.Hour)))
		now := w.machines(t, ws.ID)[0].Number
		require.Greater(t, now, before)
		before = now
	}
}
