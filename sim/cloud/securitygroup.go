package cloud

import (
	"regexp"
	"slices"
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
		if g.VPCID == "" {
			return refuse("VPCIdNotSpecified", "No default VPC for this user.")
		}
		if _, err := vpcs.get(m, g.VPCID); err != nil {
			return err
		}
		if g.Description == "" { // the provider's own default
			g.Description = "Managed by Pulumi"
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
		g.groupComputed = a.groupOf(g.ID)
		m.SecurityGroups.keep(g.ID, g)
		return nil
	})
}

func (a *Account) groupOf(id string) groupComputed {
	return groupComputed{ARN: a.arn("ec2", "security-group/"+id), OwnerID: a.opts.AccountID}
}

// addDefaultGroup makes the group that a VPC is born with: its members reach
// each other, and everything outside.
func (m *model) addDefaultGroup(a *Account, v *VPC) {
	id := v.DefaultSecurityGroupID
	m.SecurityGroups[id] = &SecurityGroup{
		ID: id, Name: "default", VPCID: v.ID, Description: "default VPC security group", groupComputed: a.groupOf(id),
	}
	for _, r := range []SecurityGroupRule{
		{ReferencedSecurityGroupID: id},
		{CidrIPv4: "0.0.0.0/0", ruleComputed: ruleComputed{Egress: true}},
	} {
		r.ID, r.SecurityGroupID, r.IPProtocol = newID("sgr"), id, "-1"
		r.ruleComputed = a.ruleOf(r.ID, r.Egress)
		m.Rules.keep(r.ID, &r)
	}
}

// SecurityGroup returns one group.
func (a *Account) SecurityGroup(id string) (*SecurityGroup, error) {
	return groups.lookup(a, id)
}

// UpdateSecurityGroup changes tags.
func (a *Account) UpdateSecurityGroup(id string, g *SecurityGroup) error {
	return groups.update(a, id, g, func(_ *model, cur *SecurityGroup) error {
		g.ID, g.Name, g.Description, g.VPCID, g.groupComputed = id, cur.Name, cur.Description, cur.VPCID, cur.groupComputed
		return g.settle()
	})
}

// DeleteSecurityGroup refuses while an instance, an interface, a database or
// another group's rule uses the group.
func (a *Account) DeleteSecurityGroup(id string) error {
	return groups.remove(a, id, func(m *model, g *SecurityGroup) error {
		if m.VPCs[g.VPCID].DefaultSecurityGroupID == id {
			return refuse("CannotDelete", "the specified group: %q name: %q cannot be deleted by a user", id, g.Name)
		}
		if m.groupInUse(id) {
			return refuse("DependencyViolation", "resource %s has a dependent object", id)
		}
		m.dropGroup(id)
		return nil
	})
}

// groupInUse reports whether an instance, also while it ends, an interface, a
// database or a load balancer has the group, or a rule of another group names it.
func (m *model) groupInUse(id string) bool {
	for _, i := range m.Instances {
		if slices.Contains(i.VPCSecurityGroupIDs, id) {
			return true
		}
	}
	for _, n := range m.Interfaces {
		if slices.Contains(n.SecurityGroups, id) {
			return true
		}
	}
	for _, d := range m.DBInstances {
		if slices.Contains(d.VPCSecurityGroupIDs, id) {
			return true
		}
	}
	for _, r := range m.Rules {
		if r.ReferencedSecurityGroupID == id && r.SecurityGroupID != id {
			return true
		}
	}
	return m.balancerHas(id)
}

// dropGroup removes a group with its rules.
func (m *model) dropGroup(id string) {
	for key, r := range m.Rules {
		if r.SecurityGroupID == id {
			delete(m.Rules, key)
		}
	}
	delete(m.SecurityGroups, id)
}
