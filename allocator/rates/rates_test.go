package rates_test

import (
	"context"
	"errors"
	"log/slog"
	"maps"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/rates"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/price"
)

// list is AWS's price list, or none when there is nothing in it.
type list map[price.Thing]price.Price

func (l list) Prices(context.Context, string, []price.Thing) (map[price.Thing]price.Price, error) {
	if l == nil {
		return nil, errors.New("AccessDenied")
	}
	return l, nil
}

// kept is a memory for what AWS told.
type kept map[price.Thing]price.Price

func (k kept) Prices(context.Context, string) (map[price.Thing]price.Price, error) {
	return maps.Clone(k), nil
}

func (k kept) KeepPrices(_ context.Context, _ string, told map[price.Thing]price.Price) error {
	maps.Copy(k, told)
	return nil
}

var pools = []deployed.Pool{{Name: "gpu", InstanceTypes: []string{"g5.xlarge", "sim.gpu"}, RootVolumeGiB: 100}}

func begin(t *testing.T, live price.Source, memory rates.Memory, pools []deployed.Pool) *rates.Rates {
	t.Helper()
	r, err := rates.New(t.Context(), "us-west-2", pools, live, memory, slog.New(slog.DiscardHandler))
	require.NoError(t, err)
	return r
}

func of(t *testing.T, live price.Source) *rates.Rates {
	t.Helper()
	r := begin(t, live, kept{}, pools)
	if live != nil {
		once, stop := context.WithCancel(t.Context())
		stop()
		r.Keep(once)
	}
	return r
}

func TestAMachineCostsItsTypeDiskAndAddress(t *testing.T) {
	const disk, address = 100 * 0.08 / price.HoursPerMonth, 0.005
	live := list{price.Spot("g5.xlarge"): {USD: 0.4, Per: price.Hour, From: "the spot market"}, price.Instance("g5.xlarge"): {USD: 1.1, Per: price.Hour, From: "AWS's price list"}}
	for name, c := range map[string]struct {
		live price.Source
		kind string
		spot bool
		want allocator.Rate
		none bool
	}{
		"by the table before AWS is asked":    {kind: "g5.xlarge", want: allocator.Rate{USD: 1.006 + disk + address, From: "LabLink's table of June 2025"}},
		"by the table where AWS may not be":   {live: list(nil), kind: "g5.xlarge", want: allocator.Rate{USD: 1.006 + disk + address, From: "LabLink's table of June 2025"}},
		"by AWS":                              {live: live, kind: "g5.xlarge", want: allocator.Rate{USD: 1.1 + disk + address, From: "AWS's price list"}},
		"by the spot market":                  {live: live, kind: "g5.xlarge", spot: true, want: allocator.Rate{USD: 0.4 + disk + address, From: "the spot market"}},
		"at most on demand where that is all": {kind: "g5.xlarge", spot: true, want: allocator.Rate{USD: 1.006 + disk + address, From: "LabLink's table of June 2025"}},
		"not known, which is not nothing":     {live: live, kind: "sim.gpu", none: true},
	} {
		got, ok := of(t, c.live).Hourly("gpu", c.kind, c.spot)
		require.Equal(t, !c.none, ok, name)
		require.InDelta(t, c.want.USD, got.USD, 1e-9, name)
		require.Equal(t, c.want.From, got.From, name)
		if !c.none {
			require.InDelta(t, disk+address, got.Beside, 1e-9, name)
		}
	}
}
