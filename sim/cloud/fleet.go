package cloud

import (
	"cmp"
	"encoding/json"
	"errors"
	"maps"
)

// FleetRequest is what CreateFleet of type instant is asked for.
type FleetRequest struct {
	LaunchTemplateID string
	Version          string
	Overrides        []FleetOverride
	Strategy         FleetStrategy
	Market           Market // left out: on demand
	Target           int    // how many instances
	ClientToken      string
	InstanceTags     map[string]string
	VolumeTags       map[string]string
	// Refuse says why the caller may not launch by an override; nil lets all pass.
	Refuse func(FleetOverride) error `json:"-"`
}

// FleetOverride is one place to look for capacity.
type FleetOverride struct {
	InstanceType string
	SubnetID     string
	// Priority counts from 0, the first to be tried; nil comes last. Only the
	// strategy Prioritized looks at it.
	Priority *float64 `json:",omitempty"`
	// MaxPrice is what a spot instance may cost an hour, in US dollars; nil: what it costs on
	// demand.
	MaxPrice *float64 `json:",omitempty"`
}

// FleetError says why one override gave nothing.
type FleetError struct {
	Override FleetOverride
	Market   Market
	Code     string
	Message  string
}

// Fleet is what CreateFleet made: whatever could be had, and why not more.
type Fleet struct {
	ID        string
	Instances []Instance
	Errors    []FleetError
}

type fleetRecord struct {
	ID        string
	Request   FleetRequest
	Instances []string
	Errors    []FleetError
}

// CreateFleet launches what it can, in the order of its strategy. A client token
// that was used before gives the same answer again and launches nothing.
func (a *Account) CreateFleet(r FleetRequest) (Fleet, error) {
	var fleet Fleet
	err := a.change(func(m *model) error {
		if done := m.Fleets[r.ClientToken]; done != nil && r.ClientToken != "" {
			if !sameRequest(done.Request, r) {
				return refuse("IdempotentParameterMismatch", "Arguments on this idempotent request are inconsistent with arguments used in previous request(s).")
			}
			fleet = m.replay(done)
			return nil
		}
		t, err := a.checkFleet(m, r)
		if err != nil {
			return err
		}
		fleet = a.fulfil(m, t, r)
		record := &fleetRecord{ID: fleet.ID, Request: r, Errors: fleet.Errors}
		for _, i := range fleet.Instances {
			record.Instances = append(record.Instances, i.ID)
		}
		m.Fleets[cmp.Or(r.ClientToken, fleet.ID)] = record
		return nil
	})
	return fleet, err
}

func sameRequest(x, y FleetRequest) bool {
	a, _ := json.Marshal(x)
	b, _ := json.Marshal(y)
	return string(a) == string(b)
}

func (m *model) replay(done *fleetRecord) Fleet {
	fleet := Fleet{ID: done.ID, Errors: done.Errors}
	for _, id := range done.Instances {
		if i := m.Instances[id]; i != nil {
			fleet.Instances = append(fleet.Instances, *i)
		}
	}
	return fleet
}

func (a *Account) checkFleet(m *model, r FleetRequest) (*LaunchTemplate, error) {
	t, err := templates.get(m, r.LaunchTemplateID)
	if err != nil {
		return nil, err
	}
	if err := t.version(r.Version); err != nil {
		return nil, err
	}
	if r.Target < 1 {
		return nil, refuse("InvalidParameterValue", "TotalTargetCapacity must be at least 1")
	}
	if err := r.checkOrder(); err != nil {
		return nil, err
	}
	type pool struct{ kind, zone string }
	seen := map[pool]bool{}
	for _, o := range r.Overrides {
		p := pool{cmp.Or(o.InstanceType, t.InstanceType), cmp.Or(m.zoneOf(o.SubnetID), o.SubnetID)}
		if seen[p] {
			return nil, refuse("InvalidFleetConfig", "The fleet configuration contains duplicate instance pools.")
		}
		seen[p] = true
	}
	return t, nil
}

// zoneOf is the zone of a subnet; "" where there is no such subnet.
func (m *model) zoneOf(subnet string) string {
	if s := m.Subnets[subnet]; s != nil {
		return s.AvailabilityZone
	}
	return ""
}

// fulfil tries the overrides once each, in their order, until the target is
// reached. What an override refuses becomes an error beside the instances.
func (a *Account) fulfil(m *model, t *LaunchTemplate, r FleetRequest) Fleet {
	fleet := Fleet{ID: "fleet-" + hexDigits(8) + "-" + hexDigits(4) + "-" + hexDigits(4) + "-" + hexDigits(4) + "-" + hexDigits(12)}
	overrides := r.Overrides
	if len(overrides) == 0 {
		overrides = []FleetOverride{{}}
	}
	for _, o := range a.order(r.Strategy, overrides, t) {
		for len(fleet.Instances) < r.Target {
			i, err := a.launchOne(m, t, r, o, fleet.ID)
			if err != nil {
				fleet.Errors = append(fleet.Errors, fleetError(o, cmp.Or(r.Market, OnDemand), err))
				break
			}
			fleet.Instances = append(fleet.Instances, *i)
		}
	}
	return fleet
}

func (a *Account) launchOne(m *model, t *LaunchTemplate, r FleetRequest, o FleetOverride, fleet string) (*Instance, error) {
	if r.Refuse != nil {
		if err := r.Refuse(o); err != nil {
			return nil, err
		}
	}
	i, err := t.instance()
	if err != nil {
		return nil, err
	}
	i.InstanceType = cmp.Or(o.InstanceType, i.InstanceType)
	i.SubnetID = cmp.Or(o.SubnetID, i.SubnetID)
	maps.Copy(i.Tags, r.InstanceTags)
	maps.Copy(i.RootBlockDevice.Tags, r.VolumeTags)
	i.FleetID = fleet
	if r.Market == Spot {
		i.asSpot()
		if err := a.checkBid(o.MaxPrice, Offering{InstanceType: i.InstanceType, Zone: m.zoneOf(i.SubnetID)}); err != nil {
			return nil, err
		}
	}
	return i, a.launch(m, i)
}

func fleetError(o FleetOverride, market Market, err error) FleetError {
	var e *Error
	if errors.As(err, &e) {
		return FleetError{Override: o, Market: market, Code: e.Code, Message: e.Message}
	}
	return FleetError{Override: o, Market: market, Code: "InternalError", Message: err.Error()}
}
