package program

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/api/price"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

// warnOfDear tells of pools of which no type costs as little as a machine may, by LabLink's
// table. AWS may ask something else today, and the table knows nothing of the spot market:
// the allocator judges by what AWS asks when machines are launched.
func warnOfDear(ctx *pulumi.Context, s *settings.Settings) {
	of := price.Ask(ctx.Context(), s.Region, price.Table{}.Things(s.Region), price.Table{}).Price
	for i, pool := range s.Pools {
		dear, from := tooDear(pool, of)
		if dear == "" {
			continue
		}
		_ = ctx.Log.Warn(fmt.Sprintf("lablink:pools[%d].maxHourlyUsd is $%.3f, and by %s every type of pool %s costs more: %s, each with its volume and address. While AWS asks as much, no machine of the pool is launched: raise it, or list a cheaper type", i, pool.MaxHourlyUSD, from, pool.Name, dear), nil)
	}
}

// tooDear is what the types of a pool cost where each is dearer than a machine may be, and
// where that was read; "" where one is not, or may not be.
func tooDear(pool settings.Pool, of func(price.Thing) (price.Price, bool)) (dear string, from price.Origin) {
	if pool.MaxHourlyUSD == 0 || pool.Market != settings.OnDemand {
		return "", ""
	}
	beside := price.Beside(of, float64(pool.RootVolumeGiB))
	var all []string
	for _, kind := range pool.InstanceTypes {
		p, known := of(price.Instance(kind))
		if !known || !price.Dearer(p.USD+beside, pool.MaxHourlyUSD) {
			return "", ""
		}
		all, from = append(all, fmt.Sprintf("%s $%.3f", kind, p.USD+beside)), p.From
	}
	return strings.Join(all, ", "), from
}
