package preview

import (
	"cmp"
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

// OnSpot reports whether the spot market is asked for machines.
func (m Machine) OnSpot() bool { return strings.HasPrefix(m.Market, "spot") }

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
		pool := poolOf(s)
		after := side{p, false}.state(s)
		m := Machine{
			Pool: pool, Before: hourlyOf(q, side{p, true}.state(s), ""), After: hourlyOf(q, after, ""),
			Most: limits[pool].MaxMachines, Market: limits[pool].Market,
		}
		for _, kind := range limits[pool].InstanceTypes {
			if after != nil && kind != m.After.Kind {
				m.Others = append(m.Others, hourlyOf(q, after, price.Instance(kind)))
			}
		}
		if m.OnSpot() {
			m.Spot = hourlyOf(q, after, price.Spot(m.After.Kind))
		}
		out = append(out, m)
	}
	slices.SortFunc(out, func(a, b Machine) int { return strings.Compare(a.Pool, b.Pool) })
	return out
}

// machineThings are what the machines of pools are paid for.
func (p *Preview) machineThings() []price.Thing {
	var out []price.Thing
	limits := p.limits()
	for _, s := range p.poolSteps() {
		limit := limits[poolOf(s)]
		for _, v := range []side{{p, true}, {p, false}} {
			if state := v.state(s); state != nil {
				out = append(out, price.Instance(text(state.Inputs, "instanceType")), price.Volume, price.PublicAddress)
			}
		}
		state := side{p, false}.state(s)
		if state == nil {
			continue
		}
		for _, kind := range limit.InstanceTypes {
			out = append(out, price.Instance(kind))
		}
		if (Machine{Market: limit.Market}).OnSpot() {
			out = append(out, price.Spot(text(state.Inputs, "instanceType")))
		}
	}
	return out
}

// poolSteps are the launch templates of pools.
func (p *Preview) poolSteps() []Step {
	return p.steps(func(s Step) bool { return !s.Drift && s.Type == launchTemplate && s.Name != hostTemplate })
}

func poolOf(s Step) string {
	return strings.TrimSuffix(strings.TrimPrefix(s.Name, "pool-"), "-template")
}

// hourlyOf is a machine with its volume and its address, as its template says or
// as another thing than the template's.
func hourlyOf(q price.Quote, s *State, as price.Thing) Hourly {
	if s == nil {
		return Hourly{}
	}
	kind, gib, public := launched(s.Inputs)
	as = cmp.Or(as, price.Instance(kind))
	if other, ok := as.InstanceType(); ok {
		kind = other
	}
	machine, known := q.Price(as)
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
