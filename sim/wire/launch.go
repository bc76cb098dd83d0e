package wire

import (
	"cmp"
	"maps"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// refusals are why the caller may not launch by an override. They are errors
// beside the fleet's instances, as what a launch needs is asked for each.
func (s *Server) refusals(c call, t *cloud.LaunchTemplate, r cloud.FleetRequest) map[cloud.FleetOverride]error {
	overrides := r.Overrides
	if len(overrides) == 0 {
		overrides = []cloud.FleetOverride{{}}
	}
	out := map[cloud.FleetOverride]error{}
	for _, o := range overrides {
		if err := s.authorizeLaunch(c, t, r, o); err != nil {
			out[o] = err
		}
	}
	return out
}

// authorizeLaunch asks for everything that a launch touches, as EC2 does.
func (s *Server) authorizeLaunch(c call, t *cloud.LaunchTemplate, r cloud.FleetRequest, o cloud.FleetOverride) error {
	if err := s.authorize(c, "ec2:RunInstances", tagContext("aws:ResourceTag/", t.Tags), t.ARN); err != nil {
		return err
	}
	for _, made := range []struct {
		kind string
		tags map[string]string
	}{{"instance", r.InstanceTags}, {"volume", r.VolumeTags}} {
		tags := t.TagsOf(made.kind)
		maps.Copy(tags, made.tags)
		asked := tagContext("aws:RequestTag/", tags)
		if err := s.authorize(c, "ec2:RunInstances", asked, s.arn(made.kind+"/*")); err != nil {
			return err
		}
		asked["ec2:CreateAction"] = []string{"CreateFleet"}
		if err := s.authorize(c, "ec2:CreateTags", asked, s.arn(made.kind+"/*")); err != nil {
			return err
		}
	}
	used := s.used(t, o)
	if r.Market == cloud.Spot {
		used = append(used, s.arn("spot-instances-request/*"))
	}
	if err := s.authorize(c, "ec2:RunInstances", nil, used...); err != nil {
		return err
	}
	return s.authorizeRole(c, t.ProfileName())
}

// used is what a launch by an override uses and does not make.
func (s *Server) used(t *cloud.LaunchTemplate, o cloud.FleetOverride) []string {
	used := []string{s.arn("network-interface/*"), "arn:aws:ec2:" + s.account.Region() + "::image/" + t.ImageID}
	for _, g := range t.Groups() {
		used = append(used, s.arn("security-group/"+g))
	}
	if subnet := cmp.Or(o.SubnetID, t.SubnetID()); subnet != "" {
		used = append(used, s.arn("subnet/"+subnet))
	}
	return used
}

// authorizeFleet asks for what the template and the overrides name. A fleet
// that may not use one of them is refused as a whole.
func (s *Server) authorizeFleet(c call, t *cloud.LaunchTemplate, overrides []cloud.FleetOverride) error {
	for _, o := range append([]cloud.FleetOverride{{}}, overrides...) {
		if err := s.authorize(c, "ec2:CreateFleet", nil, s.used(t, o)...); err != nil {
			return err
		}
	}
	return nil
}

// authorizeRole asks whether the caller may hand an instance the role of a
// profile. Of one that does not exist the launch itself speaks.
func (s *Server) authorizeRole(c call, profile string) error {
	if profile == "" {
		return nil
	}
	p, err := s.account.InstanceProfile(profile)
	if cloud.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	role, err := s.account.Role(p.Role)
	if cloud.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return err
	}
	return s.authorize(c, "iam:PassRole", map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}, role.ARN)
}
