package preview

import (
	"slices"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// Things are what the preview's comment needs the prices of: nothing where it tells
// no cost.
func (p *Preview) Things() []price.Thing {
	if !p.complete() {
		return nil
	}
	out := slices.Concat(p.usedThings(), p.machineThings())
	for _, s := range p.planned() {
		for _, v := range []side{{p, true}, {p, false}} {
			if state := v.state(s); state != nil {
				for _, part := range v.paid(state, s.Type) {
					out = append(out, part.thing)
				}
			}
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// usedThings are those that are paid for by use.
func (p *Preview) usedThings() (out []price.Thing) {
	for _, t := range []struct {
		thing price.Thing
		typ   string // that is there when it is paid for; "" for always
	}{
		{price.Traffic, ""}, {price.ZoneTraffic, ""}, {price.Bucket, ""}, {price.LoadUnit, "aws:lb/loadBalancer:LoadBalancer"},
		{price.NATTraffic, "aws:ec2/natGateway:NatGateway"}, {price.Snapshot, "aws:dlm/lifecyclePolicy:LifecyclePolicy"}, {price.Queries, "aws:route53/record:Record"},
	} {
		if t.typ == "" || p.has(t.typ) {
			out = append(out, t.thing)
		}
	}
	return out
}

// machineThings are what the machines of pools are paid for.
func (p *Preview) machineThings() []price.Thing {
	var out []price.Thing
	limits := p.limits()
	for _, s := range p.poolSteps() {
		before, after, limit := side{p, true}.state(s), side{p, false}.state(s), limits[poolOf(s)]
		kinds := []string{typeOf(before), typeOf(after)}
		if after != nil {
			kinds = append(kinds, limit.InstanceTypes...)
		}
		for _, kind := range kinds {
			if kind != "" {
				out = append(out, price.Instance(kind), price.Volume, price.PublicAddress)
			}
		}
		if after != nil && onSpot(limit.Market) {
			out = append(out, price.Spot(typeOf(after)))
		}
	}
	return out
}
