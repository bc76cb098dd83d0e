package cloud

import (
	"fmt"
	"net/netip"
	"regexp"
	"strings"
)

// SecurityGroup is aws:ec2/securityGroup:SecurityGroup, without inline rules.
type SecurityGroup struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	VPCID       string `json:"vpcId"`
	Tagged
	groupComputed
}

type groupComputed struct {
	ARN     string `json:"arn"`
	OwnerID string `json:"ownerId"`
}

var groupText = regexp.MustCompile(`^[A-Za-z0-9 ._\-:/()#,@\[\]+=&;{}!$*]*$`)

// CreateSecurityGroup makes a group without any rule.
func (a *Account) CreateSecurityGroup(g *SecurityGroup) error {
	return a.change(func(m *model) error {
		if _, err := vpcs.get(m, g.VPCID); err != nil {
			return err
		}
		switch {
		case g.Name == "" || len(g.Name) > 255 || strings.HasPrefix(g.Name, "sg-"):
			return refuse("InvalidParameterValue", "Value (%s) for parameter GroupName is invalid.", g.Name)
		case !groupText.MatchString(g.Description) || len(g.Description) > 255:
			return refuse("InvalidParameterValue", "Value (%s) for parameter GroupDescription is invalid. Character sets beyond ASCII are not supported.", g.Description)
		}
		for _, other := range m.SecurityGroups {
			if other.VPCID == g.VPCID && other.Name == g.Name {
				return refuse("InvalidGroup.Duplicate", "The security group '%s' already exists for VPC '%s'", g.Name, g.VPCID)
			}
		}
		if err := g.settle(); err != nil {
			return err
		}
		g.ID = newID("sg")
		g.groupComputed = groupComputed{ARN: a.arn("ec2", "security-group/"+g.ID), OwnerID: a.opts.AccountID}
		m.SecurityGroups[g.ID] = g
		return nil
	})
}

// SecurityGroup returns one group.
func (a *Account) SecurityGroup(id string) (*SecurityGroup, error) {
	return groups.lookup(a, id)
}

// UpdateSecurityGroup changes tags.
func (a *Account) UpdateSecurityGroup(id string, g *SecurityGroup) error {
	return groups.update(a, id, g, func(_ *model, cur *SecurityGroup) error {
		g.ID, g.groupComputed = id, cur.groupComputed
		return g.settle()
	})
}

// DeleteSecurityGroup refuses while an instance or another group's rule uses
// the group.
func (a *Account) DeleteSecurityGroup(id string) error {
	return groups.remove(a, id, func(m *model, g *SecurityGroup) error {
		inUse := refuse("DependencyViolation", "resource %s has a dependent object", id)
		for _, i := range m.Instances {
			for _, used := range i.VPCSecurityGroupIDs {
				if used == id && !i.Gone() {
					return inUse
				}
			}
		}
		for _, r := range m.Rules {
			if r.ReferencedSecurityGroupID == id && r.SecurityGroupID != id {
				return inUse
			}
		}
		for key, r := range m.Rules {
			if r.SecurityGroupID == id {
				delete(m.Rules, key)
			}
		}
		return nil
	})
}

// SecurityGroupRule is aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule
// or, with Egress, aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule.
type SecurityGroupRule struct {
	ID                        string `json:"id"`
	SecurityGroupID           string `json:"securityGroupId"`
	IPProtocol                string `json:"ipProtocol"`
	FromPort                  *int   `json:"fromPort,omitempty"`
	ToPort                    *int   `json:"toPort,omitempty"`
	CidrIPv4                  string `json:"cidrIpv4,omitempty"`
	ReferencedSecurityGroupID string `json:"referencedSecurityGroupId,omitempty"`
	Description               string `json:"description,omitempty"`
	Tagged
	ruleComputed
}

type ruleComputed struct {
	Egress              bool   `json:"egress"`
	ARN                 string `json:"arn"`
	SecurityGroupRuleID string `json:"securityGroupRuleId"`
}

// CreateSecurityGroupRule adds a rule; the same rule twice is refused.
func (a *Account) CreateSecurityGroupRule(r *SecurityGroupRule, egress bool) error {
	return a.change(func(m *model) error {
		r.Egress = egress
		if err := m.checkRule(r); err != nil {
			return err
		}
		r.ID = newID("sgr")
		r.ruleComputed = ruleComputed{
			Egress: egress, SecurityGroupRuleID: r.ID, ARN: a.arn("ec2", "security-group-rule/"+r.ID),
		}
		m.Rules[r.ID] = r
		return nil
	})
}

func (m *model) checkRule(r *SecurityGroupRule) error {
	if _, err := groups.get(m, r.SecurityGroupID); err != nil {
		return err
	}
	if err := r.checkPeer(m); err != nil {
		return err
	}
	if err := r.checkPorts(); err != nil {
		return err
	}
	for _, other := range m.Rules {
		if other.ID != r.ID && other.same(r) {
			return refuse("InvalidPermission.Duplicate", `the specified rule "peer: %s, %s, from port: %s, to port: %s, ALLOW" already exists`,
				r.CidrIPv4+r.ReferencedSecurityGroupID, strings.ToUpper(r.IPProtocol), port(r.FromPort), port(r.ToPort))
		}
	}
	return r.settle()
}

func (r *SecurityGroupRule) checkPeer(m *model) error {
	if (r.CidrIPv4 == "") == (r.ReferencedSecurityGroupID == "") {
		return refuse("InvalidParameterCombination", "Exactly one of cidrIpv4 and referencedSecurityGroupId must be specified")
	}
	if r.ReferencedSecurityGroupID != "" {
		_, err := groups.get(m, r.ReferencedSecurityGroupID)
		return err
	}
	if p, err := netip.ParsePrefix(r.CidrIPv4); err != nil || p != p.Masked() {
		return refuse("InvalidParameterValue", "CIDR block %s is malformed", r.CidrIPv4)
	}
	return nil
}

func (r *SecurityGroupRule) checkPorts() error {
	switch {
	case r.IPProtocol == "-1" && (r.FromPort != nil || r.ToPort != nil):
		return refuse("InvalidParameterCombination", "You may not specify ports with protocol -1")
	case r.IPProtocol == "-1":
		return nil
	case r.IPProtocol != "tcp" && r.IPProtocol != "udp":
		return refuse("InvalidParameterValue", "Invalid value '%s' for IP protocol. Unknown protocol.", r.IPProtocol)
	case r.FromPort == nil || r.ToPort == nil || *r.FromPort < 0 || *r.ToPort > 65535 || *r.FromPort > *r.ToPort:
		return refuse("InvalidParameterValue", "Invalid TCP/UDP port range (%s:%s)", port(r.FromPort), port(r.ToPort))
	}
	return nil
}

func (r *SecurityGroupRule) same(other *SecurityGroupRule) bool {
	return r.SecurityGroupID == other.SecurityGroupID && r.Egress == other.Egress &&
		r.IPProtocol == other.IPProtocol && port(r.FromPort) == port(other.FromPort) && port(r.ToPort) == port(other.ToPort) &&
		r.CidrIPv4 == other.CidrIPv4 && r.ReferencedSecurityGroupID == other.ReferencedSecurityGroupID
}

func port(p *int) string {
	if p == nil {
		return "-"
	}
	return fmt.Sprint(*p)
}

// SecurityGroupRule returns one rule.
func (a *Account) SecurityGroupRule(id string) (*SecurityGroupRule, error) {
	return rules.lookup(a, id)
}

// UpdateSecurityGroupRule changes everything but the group.
func (a *Account) UpdateSecurityGroupRule(id string, r *SecurityGroupRule) error {
	return rules.update(a, id, r, func(m *model, cur *SecurityGroupRule) error {
		r.ID, r.ruleComputed = id, cur.ruleComputed
		return m.checkRule(r)
	})
}

// DeleteSecurityGroupRule revokes a rule.
func (a *Account) DeleteSecurityGroupRule(id string) error {
	return rules.remove(a, id, nil)
}
