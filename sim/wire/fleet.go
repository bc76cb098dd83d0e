package wire

import (
	"fmt"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

type overridesXML struct {
	Type   string `xml:"launchTemplateAndOverrides>overrides>instanceType"`
	Subnet string `xml:"launchTemplateAndOverrides>overrides>subnetId"`
}

type fleetErrorXML struct {
	overridesXML
	Lifecycle string `xml:"lifecycle"`
	Code      string `xml:"errorCode"`
	Message   string `xml:"errorMessage"`
}

type fleetInstancesXML struct {
	overridesXML
	Lifecycle    string   `xml:"lifecycle"`
	IDs          []string `xml:"instanceIds>item"`
	InstanceType string   `xml:"instanceType"`
	Zone         string   `xml:"availabilityZone"`
}

type fleetXML struct {
	response
	ID        string              `xml:"fleetId"`
	Errors    []fleetErrorXML     `xml:"errorSet>item"`
	Instances []fleetInstancesXML `xml:"fleetInstanceSet>item"`
}

// createFleet makes an instant fleet, on demand or of spot instances.
func (s *Server) createFleet(c call, q *query) (any, error) {
	r, err := readFleet(q)
	if err != nil {
		return nil, err
	}
	if err := q.rest(); err != nil {
		return nil, err
	}
	t, err := s.account.LaunchTemplate(r.LaunchTemplateID)
	if err != nil {
		return nil, err
	}
	if err := s.authorize(c, "ec2:CreateFleet", tagContext("aws:ResourceTag/", t.Tags), t.ARN); err != nil {
		return nil, err
	}
	if err := s.authorize(c, "ec2:CreateFleet", nil, s.arn("fleet/*")); err != nil {
		return nil, err
	}
	if err := s.authorizeFleet(c, t, r.Overrides); err != nil {
		return nil, err
	}
	refusals := s.refusals(c, t, r)
	r.Refuse = func(o cloud.FleetOverride) error { return refusals[o] }
	fleet, err := s.account.CreateFleet(r)
	if err != nil {
		return nil, err
	}
	return fleetAnswer(fleet, r.Market), nil
}

func readFleet(q *query) (cloud.FleetRequest, error) {
	r := cloud.FleetRequest{ClientToken: q.get("ClientToken"), InstanceTags: map[string]string{}}
	if kind := q.get("Type"); kind != "instant" {
		return r, &cloud.Error{Code: "InvalidParameterValue", Message: "The simulator models fleets of type instant only, not " + kind, Status: 400}
	}
	const at = "LaunchTemplateConfigs.1."
	r.LaunchTemplateID = q.get(at + "LaunchTemplateSpecification.LaunchTemplateId")
	r.Version = q.get(at + "LaunchTemplateSpecification.Version")
	for n := range q.count(at + "Overrides") {
		o := fmt.Sprintf("%sOverrides.%d.", at, n+1)
		override := cloud.FleetOverride{InstanceType: q.get(o + "InstanceType"), SubnetID: q.get(o + "SubnetId")}
		var err error
		if override.Priority, err = q.amount(o, "Priority"); err != nil {
			return r, err
		}
		if override.MaxPrice, err = q.amount(o, "MaxPrice"); err != nil {
			return r, err
		}
		r.Overrides = append(r.Overrides, override)
	}
	r.Market = cloud.Market(q.get("TargetCapacitySpecification.DefaultTargetCapacityType"))
	options := map[cloud.Market]string{cloud.OnDemand: "OnDemandOptions.", cloud.Spot: "SpotOptions."}[r.Market]
	if options == "" {
		return r, &cloud.Error{Code: "InvalidParameterValue", Message: fmt.Sprintf("The simulator models on-demand and spot capacity, not %q", r.Market), Status: 400}
	}
	r.Strategy = cloud.FleetStrategy(q.get(options + "AllocationStrategy"))
	if end := q.get("SpotOptions.InstanceInterruptionBehavior"); end != "" && end != "terminate" {
		return r, &cloud.Error{Code: "InvalidParameterValue", Message: "The simulator models spot instances that are terminated, not those that " + end, Status: 400}
	}
	var err error
	if r.Target, err = q.number("TargetCapacitySpecification.TotalTargetCapacity"); err != nil {
		return r, err
	}
	for n := range q.count("TagSpecification") {
		t := fmt.Sprintf("TagSpecification.%d.", n+1)
		tags := q.tags(t + "Tag")
		switch kind := q.get(t + "ResourceType"); kind {
		case "instance":
			r.InstanceTags = tags
		case "volume":
			r.VolumeTags = tags
		default:
			return r, &cloud.Error{Code: "InvalidParameterValue", Message: "The simulator models tags of instance and volume, not of " + kind, Status: 400}
		}
	}
	return r, nil
}

// amount reads a number that need not be whole; nil where it is left out.
func (q *query) amount(of, key string) (*float64, error) {
	raw := q.get(of + key)
	if raw == "" {
		return nil, nil //nolint:nilnil // left out
	}
	n, err := strconv.ParseFloat(raw, 64)
	if err != nil {
		return nil, &cloud.Error{Code: "InvalidParameterValue", Message: fmt.Sprintf("Invalid value '%s' for %s", raw, key), Status: 400}
	}
	return &n, nil
}

// fleetAnswer groups instances by the override they came from.
func fleetAnswer(f cloud.Fleet, market cloud.Market) fleetXML {
	out := fleetXML{response: newResponse(), ID: f.ID}
	for _, e := range f.Errors {
		out.Errors = append(out.Errors, fleetErrorXML{overridesXML{e.Override.InstanceType, e.Override.SubnetID}, string(e.Market), e.Code, e.Message})
	}
	groups := map[cloud.FleetOverride]int{}
	for _, i := range f.Instances {
		at := cloud.FleetOverride{InstanceType: i.InstanceType, SubnetID: i.SubnetID} // without a priority
		n, ok := groups[at]
		if !ok {
			n = len(out.Instances)
			groups[at] = n
			out.Instances = append(out.Instances, fleetInstancesXML{
				overridesXML: overridesXML{i.InstanceType, i.SubnetID}, Lifecycle: string(market),
				InstanceType: i.InstanceType, Zone: i.AvailabilityZone,
			})
		}
		out.Instances[n].IDs = append(out.Instances[n].IDs, i.ID)
	}
	return out
}
