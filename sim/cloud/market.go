package cloud

import (
	"slices"
	"time"
)

// notice is how long before AWS ends a spot machine it says so.
const notice = 2 * time.Minute

// Interrupt lets AWS say that it takes a running spot instance back, and says when that
// is. Who calls it calls TakeBack then.
func (a *Account) Interrupt(id string) (at time.Time, err error) {
	return at, a.change(func(m *model) error {
		i, err := instances.get(m, id)
		if err != nil {
			return err
		}
		if i.market() != Spot || i.InstanceState != "running" {
			return refuse("IncorrectInstanceState", "The instance '%s' is no running spot instance, and is not interrupted.", id)
		}
		if i.TakenBackAt.IsZero() {
			i.TakenBackAt = a.now().Add(notice).UTC()
		}
		at = i.TakenBackAt
		return nil
	})
}

// TakeBack ends a spot instance that was interrupted, unless it has ended before.
func (a *Account) TakeBack(id string) error {
	return a.change(func(m *model) error {
		i, err := instances.get(m, id)
		if err != nil || i.Gone() {
			return err
		}
		i.InstanceState, i.StateReason = "shutting-down", "Server.SpotInstanceTermination"
		a.end(id)
		return nil
	})
}

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

// checkBid refuses a spot instance that costs more than it may.
func (a *Account) checkBid(most *float64, o Offering) error {
	if usd := a.SpotPrice(o); most != nil && usd > *most {
		return refuse("SpotMaxPriceTooLow", "Your Spot request price of %v is lower than the minimum required Spot request fulfillment price of %v.", *most, usd)
	}
	return nil
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
