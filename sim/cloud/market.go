package cloud

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
