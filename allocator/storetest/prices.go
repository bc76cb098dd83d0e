package storetest

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// Prices keeps what AWS told last.
type Prices interface {
	Prices(ctx context.Context, region string) (map[price.Thing]price.Price, error)
	KeepPrices(ctx context.Context, region string, told map[price.Thing]price.Price) error
}

// RunPrices runs what must hold of them.
func RunPrices(t *testing.T, s Prices) {
	spot, volume := price.Spot("g5.xlarge"), price.Volume
	first := map[price.Thing]price.Price{
		spot:   {USD: 0.4, Per: price.Hour, From: "the spot market as of 2026-03-01"},
		volume: {USD: 0.08, Per: price.GiBMonth, From: "AWS's price list as of 2026-03-01"},
	}
	all, err := s.Prices(t.Context(), "us-west-2")
	require.NoError(t, err)
	require.Empty(t, all)
	require.NoError(t, s.KeepPrices(t.Context(), "us-west-2", first))
	require.NoError(t, s.KeepPrices(t.Context(), "eu-central-1", map[price.Thing]price.Price{spot: {USD: 9, Per: price.Hour, From: "elsewhere"}}))
	later := price.Price{USD: 0.5, Per: price.Hour, From: "the spot market as of 2026-03-02"}
	require.NoError(t, s.KeepPrices(t.Context(), "us-west-2", map[price.Thing]price.Price{spot: later}))
	all, err = s.Prices(t.Context(), "us-west-2")
	require.NoError(t, err)
	require.Equal(t, map[price.Thing]price.Price{spot: later, volume: first[volume]}, all)
}
