package cloud

import (
	"net/netip"
	"strings"
)

// Tagged are a resource's own tags, and with the provider's default tags.
type Tagged struct {
	Tags    map[string]string `json:"tags,omitempty"`
	TagsAll map[string]string `json:"tagsAll,omitempty"`
}

func (t *Tagged) settle() error {
	for k, v := range t.Tags {
		switch {
		case strings.HasPrefix(k, "aws:"):
			return refuse("InvalidParameterValue", "Tag keys starting with 'aws:' are reserved for internal use")
		case len(k) == 0 || len(k) > 128 || len(v) > 256:
			return refuse("InvalidParameterValue", "Tag key or value is too long: %s", k)
		}
	}
	if len(t.Tags) > 50 {
		return refuse("TagLimitExceeded", "The maximum number of tags is 50")
	}
	t.TagsAll = t.Tags
	return nil
}

// VPC is aws:ec2/vpc:Vpc.
type VPC struct {
	ID                 string `json:"id"`
	CidrBlock          string `json:"cidrBlock"`
	EnableDNSSupport   *bool  `json:"enableDnsSupport,omitempty"`
	EnableDNSHostnames *bool  `json:"enableDnsHostnames,omitempty"`
	Tagged
	vpcComputed
}

type vpcComputed struct {
	ARN                    string `json:"arn"`
	OwnerID                string `json:"ownerId"`
	InstanceTenancy        string `json:"instanceTenancy"`
	DefaultNetworkACL      string `json:"defaultNetworkAclId"`
	DefaultRouteTableID    string `json:"defaultRouteTableId"`
	MainRouteTableID       string `json:"mainRouteTableId"`
	DefaultSecurityGroupID string `json:"defaultSecurityGroupId"`
	DHCPOptionsID          string `json:"dhcpOptionsId"`
}

// CreateVPC makes a VPC with its main route table and default security group.
func (a *Account) CreateVPC(v *VPC) error {
	return a.change(func(m *model) error {
		prefix, err := netip.ParsePrefix(v.CidrBlock)
		if err != nil || prefix != prefix.Masked() || prefix.Bits() < 16 || prefix.Bits() > 28 {
			return refuse("InvalidVpc.Range", "The CIDR '%s' is invalid.", v.CidrBlock)
		}
		if len(m.VPCs) >= 5 {
			return refuse("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
		}
		if err := v.settle(); err != nil {
			return err
		}
		v.ID = newID("vpc")
		main := newID("rtb")
		v.vpcComputed = vpcComputed{
			ARN: a.arn("ec2", "vpc/"+v.ID), OwnerID: a.opts.AccountID, InstanceTenancy: "default",
			DefaultNetworkACL: newID("acl"), DefaultRouteTableID: main, MainRouteTableID: main,
			DefaultSecurityGroupID: newID("sg"), DHCPOptionsID: newID("dopt"),
		}
		yes, no := true, false
		if v.EnableDNSSupport == nil {
			v.EnableDNSSupport = &yes
		}
		if v.EnableDNSHostnames == nil {
			v.EnableDNSHostnames = &no
		}
		m.VPCs[v.ID] = v
		m.RouteTables[main] = &RouteTable{ID: main, VPCID: v.ID, Main: true}
		m.SecurityGroups[v.DefaultSecurityGroupID] = &SecurityGroup{
			ID: v.DefaultSecurityGroupID, Name: "default", VPCID: v.ID, Description: "default VPC security group",
		}
		return nil
	})
}

// VPC returns one VPC.
func (a *Account) VPC(id string) (*VPC, error) {
	return vpcs.lookup(a, id)
}

// UpdateVPC changes what can be changed in place.
func (a *Account) UpdateVPC(id string, v *VPC) error {
	return vpcs.update(a, id, v, func(m *model, cur *VPC) error {
		v.ID, v.vpcComputed = id, cur.vpcComputed
		return v.settle()
	})
}

// DeleteVPC refuses while anything made by hand is left in the VPC.
func (a *Account) DeleteVPC(id string) error {
	return vpcs.remove(a, id, func(m *model, v *VPC) error {
		if m.vpcInUse(v) {
			return refuse("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", id)
		}
		delete(m.RouteTables, v.MainRouteTableID)
		delete(m.SecurityGroups, v.DefaultSecurityGroupID)
		return nil
	})
}

func (m *model) vpcInUse(v *VPC) bool {
	for _, s := range m.Subnets {
		if s.VPCID == v.ID {
			return true
		}
	}
	for _, g := range m.InternetGateways {
		if g.VPCID == v.ID {
			return true
		}
	}
	for _, t := range m.RouteTables {
		if t.VPCID == v.ID && !t.Main {
			return true
		}
	}
	for _, e := range m.Endpoints {
		if e.VPCID == v.ID {
			return true
		}
	}
	for _, g := range m.SecurityGroups {
		if g.VPCID == v.ID && g.ID != v.DefaultSecurityGroupID {
			return true
		}
	}
	return false
}
