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
	Most          int    // how many there may be afterwards; 0 where that is not known
	Market        string // how they are paid
}

// Hourly is what a machine costs an hour.
type Hourly struct {
	Kind  string // its instance type; "" where there is no such pool
	USD   float64
	Known bool
}

// Machines are the pools, by name.
func (p *Preview) Machines() []Machine {
	var out []Machine
	limits := p.limits()
	for _, s := range p.steps(func(s Step) bool { return !s.Drift && s.Type == launchTemplate && s.Name != hostTemplate }) {
		pool := strings.TrimSuffix(strings.TrimPrefix(s.Name, "pool-"), "-template")
		out = append(out, Machine{
			Pool: pool, Before: p.hourly(side{p, true}.state(s)), After: p.hourly(side{p, false}.state(s)),
			Most: limits[pool].MaxMachines, Market: limits[pool].Market,
		})
	}
	slices.SortFunc(out, func(a, b Machine) int { return strings.Compare(a.Pool, b.Pool) })
	return out
}

// hourly is a machine with its volume and its address.
func (p *Preview) hourly(s *State) Hourly {
	if s == nil {
		return Hourly{}
	}
	kind, gib, public := launched(s.Inputs)
	machine, known := price.In(p.Region(), price.Instance(kind))
	volume, hasVolume := price.In(p.Region(), price.Volume)
	address, hasAddress := price.In(p.Region(), price.PublicAddress)
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
