package cloud

import (
	"maps"
	"slices"
	"time"
)

// Faults are what goes wrong on purpose.
type Faults struct {
	// InsufficientCapacity lists where instances cannot be had.
	InsufficientCapacity []CapacityFault `json:"insufficientCapacity,omitempty"`
	// MaxSpotInstances is the account's quota for spot machines; nil: none.
	MaxSpotInstances *int `json:"maxSpotInstances,omitempty"`
	// Throttle makes the buckets of EC2's calls so many times smaller; below 1: they are
	// as EC2's are.
	Throttle float64 `json:"throttle,omitempty"`
	// Refuse makes EC2 refuse the next so many calls of an action as it does when a bucket
	// is empty. It counts down.
	Refuse map[string]int `json:"refuse,omitempty"`
	// UnseenSeconds is for how long after its launch an instance is in no listing, and not
	// known to who names it.
	UnseenSeconds float64 `json:"unseenSeconds,omitempty"`
	// PricesHang makes the price list take requests and answer none.
	PricesHang bool `json:"pricesHang,omitempty"`
	// Quotas are the values of quotas that are not the usual ones, by their codes.
	Quotas map[string]float64 `json:"quotas,omitempty"`
}

// CapacityFault takes away a type in a zone and a market; "" means every one.
type CapacityFault struct {
	InstanceType string `json:"instanceType,omitempty"`
	Zone         string `json:"zone,omitempty"`
	Market       Market `json:"market,omitempty"`
}

func (f Faults) refuses(instanceType, zone string, market Market) bool {
	for _, c := range f.InsufficientCapacity {
		if (c.InstanceType == "" || c.InstanceType == instanceType) && (c.Zone == "" || c.Zone == zone) && (c.Market == "" || c.Market == market) {
			return true
		}
	}
	return false
}

// SetFaults replaces the faults that are in force.
func (a *Account) SetFaults(f Faults) error {
	for _, c := range f.InsufficientCapacity {
		if c.Market != "" && c.Market != OnDemand && c.Market != Spot {
			return refuse("InvalidParameterValue", "There is no market '%s': it is %s or %s.", c.Market, OnDemand, Spot)
		}
	}
	for code := range f.Quotas {
		if !slices.ContainsFunc(quotas, func(q Quota) bool { return q.Code == code }) {
			return refuse("InvalidParameterValue", "The simulator has no quota '%s'.", code)
		}
	}
	for action, calls := range f.Refuse {
		if calls < 0 {
			return refuse("InvalidParameterValue", "%d is no number of so many calls of %s.", calls, action)
		}
	}
	if f.UnseenSeconds < 0 {
		return refuse("InvalidParameterValue", "An instance is not seen for so many seconds, and not for %v.", f.UnseenSeconds)
	}
	return a.change(func(m *model) error { m.Faults = f.clone(); return nil })
}

// clone is what the model may count down in while others read.
func (f Faults) clone() Faults {
	f.Refuse = maps.Clone(f.Refuse)
	return f
}

// Faults are the faults in force.
func (a *Account) Faults() (f Faults) {
	_ = a.view(func(m *model) error { f = m.Faults.clone(); return nil })
	return f
}

// Refuses reports whether this call of an action is one of those that are refused on
// purpose, and counts it.
func (a *Account) Refuses(action string) (refused bool, err error) {
	if a.Faults().Refuse[action] == 0 {
		return false, nil
	}
	err = a.change(func(m *model) error {
		if m.Faults.Refuse[action] > 0 {
			m.Faults.Refuse[action]--
			refused = true
		}
		return nil
	})
	return refused, err
}

// Seen are the instances that whoever asks EC2 is told of: see Faults.UnseenSeconds.
func (a *Account) Seen() []Instance {
	unseen := time.Duration(a.Faults().UnseenSeconds * float64(time.Second))
	return slices.DeleteFunc(a.Instances(), func(i Instance) bool { return a.now().Sub(i.LaunchTime) < unseen })
}
