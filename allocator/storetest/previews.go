package storetest

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func previewsAreTold(t *testing.T, w *world) {
	ws, _ := w.ready(t, 1)
	w.come(t, ws.ID, "ann@example.org")
	ann := w.seat(t, ws.ID, "ann@example.org")
	told := func(of allocator.Seat) []bool {
		t.Helper()
		seat, err := w.Seat(t.Context(), of.ID)
		require.NoError(t, err)
		return []bool{seat.Previews, seat.PreviewsTold}
	}
	turn := func(on bool) {
		t.Helper()
		ws.Previews = on
		require.NoError(t, w.ChangeWorkshop(t.Context(), ws, nil))
		ws.Version++
	}
	require.NoError(t, w.KeepPreviewsTold(t.Context(), ann.ID), "there is nothing to tell")
	turn(true)
	require.Equal(t, []bool{true, false}, told(ann))
	require.NoError(t, w.KeepPreviewsTold(t.Context(), ann.ID))
	require.Equal(t, []bool{true, true}, told(ann))
	zoe, err := w.claim(ws.ID, "zoe@example.org")
	require.NoError(t, err)
	require.Equal(t, []bool{true, false}, told(zoe), "each is told")

	ws.Seats++
	turn(true)
	require.Equal(t, []bool{true, true}, told(ann), "they were on all the time")
	turn(false)
	require.Equal(t, []bool{false, false}, told(ann))
	late := ws
	late.Previews, late.Version = true, ws.Version-1
	requireCode(t, api.Conflict, w.ChangeWorkshop(t.Context(), late, nil))
	turn(true)
	require.Equal(t, []bool{true, false}, told(ann), "that is told anew")

	require.NoError(t, w.KeepPreviewsTold(t.Context(), ann.ID))
	require.NoError(t, w.ReleaseSeat(t.Context(), ann.ID, "left", w.tick()))
	w.come(t, ws.ID, "ann@example.org")
	require.Equal(t, []bool{true, false}, told(w.seat(t, ws.ID, "ann@example.org")))
	require.NoError(t, w.KeepPreviewsTold(t.Context(), "sea_unknown"))
}
