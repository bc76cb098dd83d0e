package storetest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

func censusCounts(t *testing.T, w *world) {
	ctx := context.Background()
	none, err := w.Census(ctx, w.now)
	require.NoError(t, err)
	require.Empty(t, none.Machines)
	require.True(t, none.WaitingSince.IsZero())
	ws, _ := w.open(t, 2)
	for _, who := range []string{"ann", "bob"} {
		_, err := w.Claim(ctx, allocator.ClaimRequest{
			WorkshopID: ws.ID, Email: who + "@example.org", Token: allocator.SecretSum(who), NewSeat: w.id("sea"), At: w.tick(),
		})
		require.NoError(t, err)
	}
	first := w.now.Add(-time.Second)
	got, err := w.Census(ctx, w.now)
	require.NoError(t, err)
	require.Equal(t, map[allocator.MachineKey]int{{Pool: "gpu", State: allocator.Requested}: 2}, got.Machines)
	require.Equal(t, map[allocator.SeatState]int{allocator.SeatQueued: 2}, got.Seats)
	require.Equal(t, map[allocator.OperationKey]int{{Kind: allocator.Launch, State: allocator.Queued}: 1}, got.Operations)
	require.Equal(t, 2, got.Waiting)
	require.True(t, got.WaitingSince.Equal(first), "%s, not %s", got.WaitingSince, first)
	before, err := w.Census(ctx, ws.StartsAt.Add(-time.Millisecond))
	require.NoError(t, err)
	require.Zero(t, before.Waiting, "it has not begun")
}
