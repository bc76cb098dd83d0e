package cloud

import (
	"fmt"
	"strings"
)

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
		r.ruleComputed = a.ruleOf(r.ID, egress)
		m.Rules.keep(r.ID, r)
		return nil
	})
}

func (a *Account) ruleOf(id string, egress bool) ruleComputed {
	return ruleComputed{Egress: egress, SecurityGroupRuleID: id, ARN: a.arn("ec2", "security-group-rule/"+id)}
}

// maxRules is the default quota of rules in one direction of a group.
const maxRules = 60

func (m *model) checkRule(r *SecurityGroupRule) error {
	g, err := groups.get(m, r.SecurityGroupID)
	if err != nil {
		return err
	}
	if err := r.checkPeer(m, g); err != nil {
		return err
	}
	if err := r.checkPorts(); err != nil {
		return err
	}
	siblings := 0
	for _, other := range m.Rules {
		if other.ID == r.ID {
			continue
		}
		if other.SecurityGroupID == r.SecurityGroupID && other.Egress == r.Egress {
			siblings++
		}
		if other.same(r) {
			return refuse("InvalidPermission.Duplicate", `the specified rule "peer: %s, %s, from port: %s, to port: %s, ALLOW" already exists`,
				r.CidrIPv4+r.ReferencedSecurityGroupID, strings.ToUpper(r.IPProtocol), port(r.FromPort), port(r.ToPort))
		}
	}
	if siblings >= maxRules {
		return refuse("RulesPerSecurityGroupLimitExceeded", "The maximum number of rules per security group has been reached.")
	}
	if !groupText.MatchString(r.Description) || len(r.Description) > 255 {
		return refuse("InvalidParameterValue", "Invalid rule description. Valid descriptions are strings less than 256 characters from the following set:  a-zA-Z0-9. _-:/()#,@[]+=&;{}!$*")
	}
	return r.settle()
}

func (r *SecurityGroupRule) checkPeer(m *model, g *SecurityGroup) error {
	if (r.CidrIPv4 == "") == (r.ReferencedSecurityGroupID == "") {
		return refuse("InvalidParameterCombination", "Exactly one of cidrIpv4 and referencedSecurityGroupId must be specified")
	}
	if r.ReferencedSecurityGroupID != "" {
		peer, err := groups.get(m, r.ReferencedSecurityGroupID)
		if err == nil && peer.VPCID != g.VPCID {
			return refuse("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
		}
		return err
	}
	if _, ok := network(r.CidrIPv4); !ok {
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

// SecurityGroupRule returns one rule of the direction.
func (a *Account) SecurityGroupRule(id string, egress bool) (*SecurityGroupRule, error) {
	r, err := rules.lookup(a, id)
	if err == nil && r.Egress != egress {
		return nil, refuse(rules.code, "The security group rule ID '%s' does not exist", id)
	}
	return r, err
}

// UpdateSecurityGroupRule changes everything but the group.
func (a *Account) UpdateSecurityGroupRule(id string, r *SecurityGroupRule) error {
	return rules.update(a, id, r, func(m *model, cur *SecurityGroupRule) error {
		r.ID, r.SecurityGroupID, r.ruleComputed = id, cur.SecurityGroupID, cur.ruleComputed
		return m.checkRule(r)
	})
}

// DeleteSecurityGroupRule revokes a rule.
func (a *Account) DeleteSecurityGroupRule(id string) error {
	return rules.remove(a, id, nil)
}
