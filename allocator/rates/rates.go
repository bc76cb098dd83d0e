package rates

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/price"
)

// fresh is how long prices are taken as they were read.
const fresh = 12 * time.Hour

// Rates are what machines of some pools cost.
type Rates struct {
	region string
	things []price.Thing
	disks  map[string]int // GiB, by pool
	live   price.Source
	log    *slog.Logger
	quote  atomic.Pointer[price.Quote]
}

var _ allocator.Rates = (*Rates)(nil)

// New knows the table's prices at once. Those of live come with Keep.
func New(ctx context.Context, region string, pools []deployed.Pool, live price.Source, log *slog.Logger) *Rates {
	r := &Rates{region: region, disks: map[string]int{}, live: live, log: log, things: []price.Thing{price.Volume, price.PublicAddress}}
	for _, p := range pools {
		r.disks[p.Name] = p.RootVolumeGiB
		for _, kind := range p.InstanceTypes {
			r.things = append(r.things, price.Instance(kind), price.Spot(kind))
		}
	}
	r.quote.Store(new(price.Ask(ctx, region, r.things, price.Table{})))
	return r
}

// Keep reads AWS's prices, again and again until ctx ends.
func (r *Rates) Keep(ctx context.Context) {
	tick := time.NewTicker(fresh)
	defer tick.Stop()
	for {
		quote := price.Ask(ctx, r.region, r.things, r.live, price.Table{})
		for _, err := range quote.Refused() {
			r.log.Info("AWS does not tell all prices; LabLink's table stands in", "error", err)
		}
		r.quote.Store(&quote)
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

// Hourly is what a machine costs an hour, with its disk and its public address. For a
// spot machine without a spot price it is the price on demand, which is no less.
func (r *Rates) Hourly(pool, kind string, spot bool) (allocator.Rate, bool) {
	quote := r.quote.Load()
	p, ok := quote.Price(price.Instance(kind))
	if spot {
		if s, known := quote.Price(price.Spot(kind)); known {
			p, ok = s, true
		}
	}
	if !ok {
		return allocator.Rate{}, false
	}
	rate := allocator.Rate{USD: p.USD, From: string(p.From)}
	if disk, known := quote.Price(price.Volume); known {
		monthly, _ := disk.Monthly(float64(r.disks[pool]))
		rate.USD += monthly / price.HoursPerMonth
	}
	if address, known := quote.Price(price.PublicAddress); known {
		rate.USD += address.USD
	}
	return rate, true
}
