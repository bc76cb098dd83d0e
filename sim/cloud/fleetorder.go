package cloud

import (
	"cmp"
	"math"
	"slices"
)

// FleetStrategy is in which order a fleet tries its overrides.
type FleetStrategy string

// AWS takes the lowest price when none is named. Price and capacity are one
// here, and the price that counts is that on demand, in both markets.
const (
	LowestPrice            FleetStrategy = "lowest-price"
	Prioritized            FleetStrategy = "prioritized"
	PriceCapacityOptimized FleetStrategy = "price-capacity-optimized"
)

// strategies are those of each market that are modelled.
var strategies = map[Market][]FleetStrategy{
	"":       {"", LowestPrice, Prioritized},
	OnDemand: {"", LowestPrice, Prioritized},
	Spot:     {"", LowestPrice, PriceCapacityOptimized},
}

// leastBid is what EC2 takes no limit of a spot price below, in US dollars.
const leastBid = 0.001

func (r FleetRequest) checkOrder() error {
	known, ok := strategies[r.Market]
	if !ok {
		return refuse("InvalidParameterValue", "The simulator models on-demand and spot capacity, not %s", r.Market)
	}
	if !slices.Contains(known, r.Strategy) {
		return refuse("InvalidParameterValue", "Invalid value '%s' for AllocationStrategy.", r.Strategy)
	}
	for _, o := range r.Overrides {
		if p := o.MaxPrice; p != nil && (r.Market != Spot || !(*p > leastBid)) {
			return refuse("InvalidParameterValue", "Invalid value '%v' for MaxPrice: it is for spot instances, and more than %v.", *p, leastBid)
		}
		if p := o.Priority; p != nil && (*p < 0 || *p != math.Trunc(*p) || math.IsInf(*p, 0)) {
			return refuse("InvalidParameterValue", "Invalid value '%v' for Priority: it must be a whole number from 0.", *p)
		}
	}
	return nil
}

// order sorts overrides into the order in which they are tried.
func (a *Account) order(s FleetStrategy, overrides []FleetOverride, t *LaunchTemplate) []FleetOverride {
	rank := func(o FleetOverride) float64 { return a.price(o, t) }
	if s == Prioritized {
		rank = FleetOverride.rank
	}
	return slices.SortedStableFunc(slices.Values(overrides), func(x, y FleetOverride) int { return cmp.Compare(rank(x), rank(y)) })
}

func (o FleetOverride) rank() float64 {
	if o.Priority == nil {
		return math.Inf(1)
	}
	return *o.Priority
}

func (a *Account) price(o FleetOverride, t *LaunchTemplate) float64 {
	kind, _ := a.InstanceType(cmp.Or(o.InstanceType, t.InstanceType))
	return kind.HourlyUSD
}
