package rates_test

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/rates"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/price"
)

// turns is a source that answers each time with the next of its lists, and with the last
// one from then on.
type turns struct {
	lists []list
	asked atomic.Int64
}

func (s *turns) Prices(ctx context.Context, region string, things []price.Thing) (map[price.Thing]price.Price, error) {
	at := min(int(s.asked.Add(1)), len(s.lists))
	told, err := s.lists[at-1].Prices(ctx, region, things)
	if _, spot := told[price.Spot("g5.xlarge")]; err == nil && !spot {
		err = errors.New("the spot market refuses with RequestLimitExceeded")
	}
	return told, err
}

const (
	market   = "the spot market as of 2026-03-01"
	overhead = 100*0.08/price.HoursPerMonth + 0.005 // of a disk and an address
)

var (
	whole = list{price.Spot("g5.xlarge"): {USD: 0.4, Per: price.Hour, From: market}, price.Spot("sim.gpu"): {USD: 0.1, Per: price.Hour, From: market}}
	half  = list{price.Instance("g5.xlarge"): {USD: 1.1, Per: price.Hour, From: "AWS's price list as of 2026-03-01"}}
	later = list{price.Spot("g5.xlarge"): {USD: 0.5, Per: price.Hour, From: "the spot market as of 2026-03-02"}}
)

func costs(t *testing.T, r *rates.Rates, kind string, usd float64, from string) {
	t.Helper()
	got, ok := r.Hourly("gpu", kind, true)
	require.True(t, ok, kind)
	require.InDelta(t, usd+overhead, got.USD, 1e-9, kind)
	require.Equal(t, allocator.Rate{USD: got.USD, Beside: got.Beside, From: from}, got)
}

func TestWhatAWSDoesNotTellStaysAsItToldItBefore(t *testing.T) {
	for name, second := range map[string]list{"it tells nothing": nil, "it tells half": half} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				aws := &turns{lists: []list{whole, second, second, later}}
				r := begin(t, aws, kept{}, pools)
				ctx, stop := context.WithCancel(t.Context())
				defer synctest.Wait()
				defer stop()
				go r.Keep(ctx)
				synctest.Wait()
				costs(t, r, "g5.xlarge", 0.4, market)
				time.Sleep(12*time.Hour + time.Second)
				require.EqualValues(t, 2, aws.asked.Load())
				costs(t, r, "g5.xlarge", 0.4, market)
				costs(t, r, "sim.gpu", 0.1, market)
				time.Sleep(5 * time.Minute)
				require.EqualValues(t, 3, aws.asked.Load(), "it is asked again after minutes")
				time.Sleep(5 * time.Minute)
				require.EqualValues(t, 3, aws.asked.Load(), "and then twice as long after")
				time.Sleep(5 * time.Minute)
				require.EqualValues(t, 4, aws.asked.Load())
				costs(t, r, "g5.xlarge", 0.5, "the spot market as of 2026-03-02")
				costs(t, r, "sim.gpu", 0.1, market)
				time.Sleep(11 * time.Hour)
				require.EqualValues(t, 4, aws.asked.Load())
			})
		})
	}
}

func TestWhatAWSToldIsKnownAfterARestart(t *testing.T) {
	memory := kept{}
	once, stop := context.WithCancel(t.Context())
	stop()
	begin(t, whole, memory, pools).Keep(once)
	r := begin(t, list(nil), memory, pools)
	costs(t, r, "g5.xlarge", 0.4, market)
	r.Keep(once)
	costs(t, r, "g5.xlarge", 0.4, market)
}

// What a machine cost this month counts, though its pool has other types by now.
func TestATypeThatNoPoolHasAnyMoreKeepsItsPrice(t *testing.T) {
	memory := kept{}
	once, stop := context.WithCancel(t.Context())
	stop()
	begin(t, whole, memory, pools).Keep(once)
	r := begin(t, list(nil), memory, []deployed.Pool{{Name: "gpu", InstanceTypes: []string{"g6.xlarge"}, RootVolumeGiB: 100}})
	costs(t, r, "sim.gpu", 0.1, market)
	got, ok := r.Hourly("gpu", "g4dn.xlarge", false)
	require.True(t, ok)
	require.InDelta(t, 0.526+overhead, got.USD, 1e-9)
}
