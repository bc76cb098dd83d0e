package wire

import (
	"fmt"

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

// createFleet makes an instant fleet of on-demand instances.
func (s *Server) createFleet(c call, q *query) (any, error) {
	r, err := readFleet(q)
	if err != nil {
		return nil, err
	}
	if err := q.rest(); err != nil {
		return nil, err
	}
	if err := s.authorizeFleet(c, r); err != nil {
		return nil, err
	}
	fleet, err := s.account.CreateFleet(r)
	if err != nil {
		return nil, err
	}
	return fleetAnswer(fleet), nil
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
		r.Overrides = append(r.Overrides, cloud.FleetOverride{InstanceType: q.get(o + "InstanceType"), SubnetID: q.get(o + "SubnetId")})
	}
	var err error
	if r.Target, err = q.number("TargetCapacitySpecification.TotalTargetCapacity"); err != nil {
		return r, err
	}
	if market := q.get("TargetCapacitySpecification.DefaultTargetCapacityType"); market != "on-demand" {
		return r, &cloud.Error{Code: "InvalidParameterValue", Message: "The simulator models on-demand capacity only, not " + market, Status: 400}
	}
	for n := range q.count("TagSpecification") {
		t := fmt.Sprintf("TagSpecification.%d.", n+1)
		tags := q.tags(t + "Tag")
		if kind := q.get(t + "ResourceType"); kind == "instance" {
			r.InstanceTags = tags
		}
	}
	return r, nil
}

// authorizeFleet asks for everything that a launch touches, as EC2 does.
func (s *Server) authorizeFleet(c call, r cloud.FleetRequest) error {
	t, err := s.account.LaunchTemplate(r.LaunchTemplateID)
	if err != nil {
		return err
	}
	template := tagContext("aws:ResourceTag/", t.Tags)
	for _, action := range []string{"ec2:CreateFleet", "ec2:RunInstances"} {
		if err := s.authorize(c, action, template, t.ARN); err != nil {
			return err
		}
	}
	if err := s.authorize(c, "ec2:CreateFleet", nil, s.arn("fleet/*")); err != nil {
		return err
	}
	for _, kind := range []string{"instance", "volume"} {
		tags := map[string]string{}
		for _, spec := range t.TagSpecifications {
			if spec.ResourceType == kind {
				for k, v := range spec.Tags {
					tags[k] = v
				}
			}
		}
		if err := s.authorize(c, "ec2:RunInstances", tagContext("aws:RequestTag/", tags), s.arn(kind+"/*")); err != nil {
			return err
		}
		tagging := tagContext("aws:RequestTag/", tags)
		tagging["ec2:CreateAction"] = []string{"CreateFleet"}
		if err := s.authorize(c, "ec2:CreateTags", tagging, s.arn(kind+"/*")); err != nil {
			return err
		}
	}
	return s.authorizeParts(c, t, r)
}

func (s *Server) authorizeParts(c call, t *cloud.LaunchTemplate, r cloud.FleetRequest) error {
	used := []string{s.arn("network-interface/*"), "arn:aws:ec2:" + s.account.Region() + "::image/" + t.ImageID}
	for _, n := range t.NetworkInterfaces {
		for _, g := range n.SecurityGroups {
			used = append(used, s.arn("security-group/"+g))
		}
	}
	for _, o := range r.Overrides {
		if o.SubnetID != "" {
			used = append(used, s.arn("subnet/"+o.SubnetID))
		}
	}
	if err := s.authorize(c, "ec2:RunInstances", nil, used...); err != nil {
		return err
	}
	if t.IAMInstanceProfile == nil {
		return nil
	}
	p, err := s.account.InstanceProfile(t.IAMInstanceProfile.Name)
	if err != nil {
		return nil // the launch itself says that the profile does not exist
	}
	role, err := s.account.Role(p.Role)
	if err != nil {
		return nil // likewise
	}
	return s.authorize(c, "iam:PassRole", map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}, role.ARN)
}

// fleetAnswer groups instances by the override they came from.
func fleetAnswer(f cloud.Fleet) fleetXML {
	out := fleetXML{response: newResponse(), ID: f.ID}
	for _, e := range f.Errors {
		out.Errors = append(out.Errors, fleetErrorXML{overridesXML{e.Override.InstanceType, e.Override.SubnetID}, "on-demand", e.Code, e.Message})
	}
	groups := map[cloud.FleetOverride]int{}
	for _, i := range f.Instances {
		at := cloud.FleetOverride{InstanceType: i.InstanceType, SubnetID: i.SubnetID}
		n, ok := groups[at]
		if !ok {
			n = len(out.Instances)
			groups[at] = n
			out.Instances = append(out.Instances, fleetInstancesXML{
				overridesXML: overridesXML{i.InstanceType, i.SubnetID}, Lifecycle: "on-demand",
				InstanceType: i.InstanceType, Zone: i.AvailabilityZone,
			})
		}
		out.Instances[n].IDs = append(out.Instances[n].IDs, i.ID)
	}
	return out
}
