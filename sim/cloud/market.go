package cloud

import "slices"

// Market is how an instance is paid.
type Market string

// The markets of a fleet.
const (
	OnDemand Market = "on-demand"
	Spot     Market = "spot"
)

// market is an instance's own.
func (i *Instance) market() Market {
	if i.InstanceLifecycle == string(Spot) {
		return Spot
	}
	return OnDemand
}

// asSpot makes an instance that is about to be launched one of a spot request
// that is made once: it ends when AWS takes it back.
func (i *Instance) asSpot() {
	i.InstanceLifecycle, i.SpotInstanceRequestID = string(Spot), "sir-"+hexDigits(8)
}

// spotShare is how much of its price a type costs on the spot market, in the
// Region's first zone; each further one is a little dearer.
const spotShare, spotStep = 0.3, 0.02

// SpotPrice is what a type costs an hour on the spot market of a zone; 0 where its
// price is not known.
func (a *Account) SpotPrice(o Offering) float64 {
	kind, err := a.InstanceType(o.InstanceType)
	if err != nil {
		return 0
	}
	return kind.HourlyUSD * (spotShare + spotStep*float64(slices.Index(a.AvailabilityZones(), o.Zone)))
}

// checkSpot refuses a spot instance beyond the account's quota.
func (m *model) checkSpot(i *Instance) error {
	if i.market() != Spot || m.Faults.MaxSpotInstances == nil {
		return nil
	}
	running := 0
	for _, other := range m.Instances {
		if other.market() == Spot && !other.Gone() {
			running++
		}
	}
	if running >= *m.Faults.MaxSpotInstances {
		return refuse("MaxSpotInstanceCountExceeded", "Max spot instance count exceeded")
	}
	return nil
}
