package rates

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync/atomic"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/price"
)

const (
	// fresh is how long prices are taken as they were read.
	fresh = 12 * time.Hour
	// soon is after how long AWS is asked again where it did not tell all, twice as long
	// each time, and late the longest of that.
	soon = 5 * time.Minute
	late = time.Hour
)

// Memory keeps what AWS told last of what things cost.
type Memory interface {
	Prices(ctx context.Context, region string) (map[price.Thing]price.Price, error)
	KeepPrices(ctx context.Context, region string, told map[price.Thing]price.Price) error
}

// Rates are what machines of some pools cost.
type Rates struct {
	region string
	things []price.Thing
	disks  map[string]int // GiB, by pool
	live   price.Source
	memory Memory
	log    *slog.Logger
	table  map[price.Thing]price.Price
	told   atomic.Pointer[map[price.Thing]price.Price] // by AWS, whenever that was
}

var _ allocator.Rates = (*Rates)(nil)

// New knows at once what AWS told before, and the table's prices. Those of live come with
// Keep.
func New(ctx context.Context, region string, pools []deployed.Pool, live price.Source, memory Memory, log *slog.Logger) (*Rates, error) {
	r := &Rates{region: region, disks: map[string]int{}, live: live, memory: memory, log: log}
	things := []price.Thing{price.Volume, price.PublicAddress}
	for _, p := range pools {
		r.disks[p.Name] = p.RootVolumeGiB
		for _, kind := range p.InstanceTypes {
			things = append(things, price.Instance(kind), price.Spot(kind))
		}
	}
	r.things = slices.Compact(slices.Sorted(slices.Values(things)))
	told, err := memory.Prices(ctx, region)
	if err != nil {
		return nil, err
	}
	r.told.Store(&told)
	if r.table, err = (price.Table{}).Prices(ctx, region, price.Table{}.Things(region)); err != nil {
		return nil, fmt.Errorf("read LabLink's table of prices: %w", err)
	}
	return r, nil
}

// Keep reads AWS's prices, again and again until ctx ends.
func (r *Rates) Keep(ctx context.Context) {
	again := soon
	for {
		next := fresh
		if r.read(ctx) {
			again = soon
		} else {
			next, again = again, min(2*again, late)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(next):
		}
	}
}

// read asks AWS once, and reports whether it told all. What it does not tell stays as it
// told it before: another price would make another sum of what was spent.
func (r *Rates) read(ctx context.Context) (all bool) {
	found, err := r.live.Prices(ctx, r.region, r.things)
	if err != nil {
		r.log.Info("AWS does not tell all prices; what it told before stands in, and LabLink's table where it never did", "error", err)
	}
	told := maps.Clone(*r.told.Load())
	maps.Copy(told, found)
	r.told.Store(&told)
	if len(found) == 0 {
		return err == nil
	}
	if kept := r.memory.KeepPrices(ctx, r.region, found); kept != nil {
		r.log.Warn("what AWS told of prices was not written down, and a restart may forget it", "error", kept)
		return false
	}
	return err == nil
}

// price is what AWS told last, or the table's.
func (r *Rates) price(t price.Thing) (p price.Price, ok bool) {
	if p, ok = (*r.told.Load())[t]; !ok {
		p, ok = r.table[t]
	}
	return p, ok
}

// Hourly is what a machine costs an hour, with its disk and its public address. For a
// spot machine without a spot price it is the price on demand, which is no less.
func (r *Rates) Hourly(pool, kind string, spot bool) (allocator.Rate, bool) {
	p, ok := r.price(price.Instance(kind))
	if spot {
		if s, known := r.price(price.Spot(kind)); known {
			p, ok = s, true
		}
	}
	if !ok {
		return allocator.Rate{}, false
	}
	beside := price.Beside(r.price, float64(r.disks[pool]))
	return allocator.Rate{USD: p.USD + beside, Beside: beside, From: string(p.From)}, true
}
