package preview

import (
	"encoding/json"
	"math"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// Machine is what one machine of a pool costs while it runs. The allocator
// launches them: no machine is part of a stack.
type Machine struct {
	Pool          string
	Before, After Hourly
	Spot          Hourly   // what it costs afterwards on the spot market, where the pool asks that
	Others        []Hourly // the pool's other types, afterwards
	Most          int      // how many there may be afterwards; 0 where that is not known
	Market        string   // how they are paid
}

// onSpot reports whether the spot market is asked for machines.
func onSpot(market string) bool { return strings.HasPrefix(market, "spot") }

// Hourly is what a machine costs an hour.
type Hourly struct {
	Kind  string // its instance type; "" where there is no such pool
	USD   float64
	Known bool
}

// Machines are the pools, by name.
func (p *Preview) Machines(q price.Quote) []Machine {
	var out []Machine
	limits := p.limits()
	for _, s := range p.poolSteps() {
		pool, before, after := poolOf(s), side{p, true}.state(s), side{p, false}.state(s)
		m := Machine{
			Pool: pool, Before: hourlyAs(q, before, typeOf(before), price.Instance), After: hourlyAs(q, after, typeOf(after), price.Instance),
			Most: limits[pool].MaxMachines, Market: limits[pool].Market,
		}
		for _, kind := range limits[pool].InstanceTypes {
			if after != nil && kind != m.After.Kind {
				m.Others = append(m.Others, hourlyAs(q, after, kind, price.Instance))
			}
		}
		if onSpot(m.Market) {
			m.Spot = hourlyAs(q, after, m.After.Kind, price.Spot)
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Machine) int { return strings.Compare(a.Pool, b.Pool) })
	return out
}

// poolSteps are the launch templates of pools.
func (p *Preview) poolSteps() []Step {
	return p.steps(func(s Step) bool { return !s.Drift && s.Type == launchTemplate && s.Name != hostTemplate })
}

// typeOf is the instance type of a launch template; "" where there is none.
func typeOf(s *State) string {
	if s == nil {
		return ""
	}
	return text(s.Inputs, "instanceType")
}

func poolOf(s Step) string {
	return strings.TrimSuffix(strings.TrimPrefix(s.Name, "pool-"), "-template")
}

// hourlyAs is a machine of a type with the volume and the address that a template
// says.
func hourlyAs(q price.Quote, s *State, kind string, as func(string) price.Thing) Hourly {
	if s == nil {
		return Hourly{}
	}
	_, gib, public := launched(s.Inputs)
	machine, known := q.Price(as(kind))
	volume, hasVolume := q.Price(price.Volume)
	address, hasAddress := q.Price(price.PublicAddress)
	return Hourly{
		Kind: kind, Known: known && hasVolume && hasAddress && !math.IsNaN(gib),
		USD: machine.USD + volume.USD*gib/price.HoursPerMonth + address.USD*public,
	}
}

// limit is what the settings say of a pool beside its launch template.
type limit struct {
	Name        string `json:"name"`
	Market      string `json:"market"`
	MaxMachines int    `json:"maxMachines"`
	// InstanceTypes are the pool's, in the order of its preference.
	InstanceTypes []string `json:"instanceTypes"`
}

// limits are those of the pools, by name. Settings that cannot be read limit
// nothing here: the program is who refuses them.
func (p *Preview) limits() map[string]limit {
	out := map[string]limit{}
	var pools []limit
	if json.Unmarshal([]byte(p.Config["lablink:pools"]), &pools) != nil {
		return out
	}
	for _, pool := range pools {
		out[pool.Name] = pool
	}
	return out
}
