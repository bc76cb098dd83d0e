package allocator

import (
	"fmt"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/price"
)

// Kinds are the types of a pool that a launch asks for, by how they are paid, each in the
// order of the pool's preference.
type Kinds struct {
	OnDemand, Spot []string
	// MostSpot is what AWS may ask an hour for a spot machine, in US dollars and without its
	// volume and address: it gives none that is dearer, and takes back one that becomes so.
	// 0: what it asks on demand, which is its own limit.
	MostSpot float64
}

// none reports whether nothing is left to ask for.
func (k Kinds) none() bool { return len(k.OnDemand)+len(k.Spot) == 0 }

// spots are how a pool's machines are paid: whether as spot machines, one after the other.
func (p Pool) spots() []bool {
	switch p.Market {
	case deployed.Spot:
		return []bool{true}
	case deployed.SpotThenOnDemand:
		return []bool{true, false}
	}
	return []bool{false}
}

// Kinds are the types of a pool that may be launched now: those that cost no more than one
// of its machines may. What nobody knows the price of is not held back, as with budgets.
func (s *Service) Kinds(p Pool) (k Kinds) {
	beside := 0.0
	for _, spot := range p.spots() {
		var fit []string
		for _, kind := range p.InstanceTypes {
			r, dear := s.tooDear(p, Machine{Pool: p.Name, Type: kind, Spot: spot})
			beside = max(beside, r.Beside)
			if !dear {
				fit = append(fit, kind)
			}
		}
		if spot {
			k.Spot = fit
		} else {
			k.OnDemand = fit
		}
	}
	if p.MaxHourlyUSD > 0 && s.Budget.HardCap && len(k.Spot) > 0 {
		k.MostSpot = max(leastSpot, p.MaxHourlyUSD-beside)
	}
	return k
}

// leastSpot is less than any spot machine costs, and more than 0.001, below which EC2 takes
// no limit.
const leastSpot = 0.0011

// asked are the types that a pool is launched of. Where none may be now, all are.
func (s *Service) asked(p Pool) Kinds {
	k := s.Kinds(p)
	if k.none() {
		p.MaxHourlyUSD = 0
		k = s.Kinds(p)
	}
	return k
}

// tooDear is what a machine costs an hour, and whether none of its pool may. What nobody
// knows is not too dear.
func (s *Service) tooDear(p Pool, m Machine) (Rate, bool) {
	r, known := s.hourly(m)
	return r, known && p.MaxHourlyUSD > 0 && price.Dearer(r.USD, p.MaxHourlyUSD)
}

// allTooDear reports whether a pool's cap leaves no type to be launched.
func (s *Service) allTooDear(p Pool) bool { return p.MaxHourlyUSD > 0 && s.Kinds(p).none() }

// AllTooDear is why no machine of a pool may be launched, with the next step, where each of
// its types costs more than a machine may; "" where one is left.
func (s *Service) AllTooDear(p Pool) string {
	if !s.allTooDear(p) {
		return ""
	}
	return fmt.Sprintf("A machine of pool %s may cost $%.3f an hour, with its disk and address, and each of its types costs more: %s. Ask the engineer who deployed LabLink to raise pools[].maxHourlyUsd, or to add a cheaper type to the pool.", p.Name, p.MaxHourlyUSD, s.dear(p))
}

// dear tells what a pool's types cost that are dearer than a machine may be, and where that
// was read; "" where none is.
func (s *Service) dear(p Pool) string {
	var all, from []string
	for _, spot := range p.spots() {
		for _, kind := range p.InstanceTypes {
			r, dear := s.tooDear(p, Machine{Pool: p.Name, Type: kind, Spot: spot})
			if !dear {
				continue
			}
			how := ""
			if spot {
				how = " as a spot machine"
			}
			all = append(all, fmt.Sprintf("%s $%.3f%s", kind, r.USD, how))
			if !slices.Contains(from, r.From) {
				from = append(from, r.From)
			}
		}
	}
	if all == nil {
		return ""
	}
	return strings.Join(all, ", ") + " (" + strings.Join(from, "; ") + ")"
}

// kindsOf are the types that a launch of a workshop asks for. Invalid where its pool is
// gone, and where no type is left.
func (s *Service) kindsOf(w Workshop) (Kinds, error) {
	p, ok := s.Pool(w.Pool)
	if !ok {
		return Kinds{}, api.Problemf(api.Invalid, "The pool is gone", "The stack's settings have no pool %q any more.", w.Pool)
	}
	if why := s.AllTooDear(p); why != "" {
		return Kinds{}, api.Problemf(api.Invalid, "Every type of the pool costs too much", "%s", why)
	}
	return s.Kinds(p), nil
}

// OverHourCap warns of a machine that costs more than one of its pool may: prices or
// settings changed after it was launched. "" where all is well, and where nobody knows.
func (s *Service) OverHourCap(m Machine) string {
	p, ok := s.Pool(m.Pool)
	if !ok || m.LaunchedAt.IsZero() || m.State == Terminating || m.State == Terminated {
		return ""
	}
	r, dear := s.tooDear(p, m)
	if !dear {
		return ""
	}
	return fmt.Sprintf("It costs $%.3f an hour, and a machine of pool %s may cost $%.3f. LabLink does not end it for that: replace it where a cheaper type is to be had, end it, or ask the engineer who deployed LabLink to raise pools[].maxHourlyUsd.", r.USD, p.Name, p.MaxHourlyUSD)
}
