package wire

import (
	"maps"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// done is the answer of calls that say no more than that.
type done struct {
	response
	Return bool `xml:"return"`
}

// revokeIngress takes rules from a security group, by their ids.
func (s *Server) revokeIngress(c call, q *query) (any, error) {
	group, rules := q.get("GroupId"), q.list("SecurityGroupRuleId")
	if err := q.rest(); err != nil {
		return nil, err
	}
	g, err := s.account.SecurityGroup(group)
	if err != nil {
		return nil, err
	}
	own := tagContext("aws:ResourceTag/", g.Tags)
	if err := s.authorize(c, "ec2:RevokeSecurityGroupIngress", own, s.arn("security-group/"+group)); err != nil {
		return nil, err
	}
	for _, id := range rules {
		r, err := s.account.SecurityGroupRule(id, false)
		if err != nil {
			return nil, err
		}
		if r.SecurityGroupID != group {
			return nil, &cloud.Error{Code: "InvalidSecurityGroupRuleId.NotFound", Message: "The security group rule ID '" + id + "' does not exist", Status: 400}
		}
	}
	for _, id := range rules {
		if err := s.account.DeleteSecurityGroupRule(id); err != nil {
			return nil, err
		}
	}
	return done{newResponse(), true}, nil
}

// tagGroup tags a security group that the caller may tag.
func (s *Server) tagGroup(c call, id string, tags map[string]string) error {
	g, err := s.account.SecurityGroup(id)
	if err != nil {
		return err
	}
	context := tagContext("aws:ResourceTag/", g.Tags)
	maps.Copy(context, tagContext("aws:RequestTag/", tags))
	if err := s.authorize(c, "ec2:CreateTags", context, s.arn("security-group/"+id)); err != nil {
		return err
	}
	g.Tags = maps.Clone(g.Tags)
	maps.Copy(g.Tags, tags)
	return s.account.UpdateSecurityGroup(id, g)
}
