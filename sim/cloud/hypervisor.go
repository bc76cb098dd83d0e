package cloud

import "slices"

// Hypervisor boots and ends the machines behind instances. Its methods must
// not wait: an instance boots while the account goes on. They are called one at
// a time, in the order of the changes that ask for them.
type Hypervisor interface {
	// Launch powers a new machine on.
	Launch(Instance)
	// Terminate powers a machine off for good and calls done when it is.
	Terminate(id string, done func())
	// Restart powers a machine off and on again, as it is now.
	Restart(Instance)
	// Attach makes a volume visible to a machine; Detach takes it away.
	Attach(instance, device, volume string)
	Detach(instance, device, volume string)
	// Save keeps what is on a volume as a snapshot; Fill puts it on a new one.
	Save(volume, snapshot string)
	Fill(volume, snapshot string)
}

type noHypervisor struct{}

func (noHypervisor) Launch(Instance)                 {}
func (noHypervisor) Restart(Instance)                {}
func (noHypervisor) Terminate(_ string, done func()) { done() }
func (noHypervisor) Attach(_, _, _ string)           {}
func (noHypervisor) Detach(_, _, _ string)           {}
func (noHypervisor) Save(_, _ string)                {}
func (noHypervisor) Fill(_, _ string)                {}

// Faults are what goes wrong on purpose.
type Faults struct {
	// InsufficientCapacity lists where instances cannot be had.
	InsufficientCapacity []CapacityFault `json:"insufficientCapacity,omitempty"`
	// MaxSpotInstances is the account's quota for spot machines; nil: none.
	MaxSpotInstances *int `json:"maxSpotInstances,omitempty"`
	// Throttle makes the buckets of EC2's calls so many times smaller; below 1: they are
	// as EC2's are.
	Throttle float64 `json:"throttle,omitempty"`
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
	return a.change(func(m *model) error { m.Faults = f; return nil })
}

// Faults are the faults in force.
func (a *Account) Faults() (f Faults) {
	_ = a.view(func(m *model) error { f = m.Faults; return nil })
	return f
}
