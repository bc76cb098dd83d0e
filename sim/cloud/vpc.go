package cloud

import (
	"cmp"
	"net/netip"
)

// VPC is aws:ec2/vpc:Vpc.
type VPC struct {
	ID                 string `json:"id"`
	CidrBlock          string `json:"cidrBlock"`
	EnableDNSSupport   *bool  `json:"enableDnsSupport,omitempty"`
	EnableDNSHostnames *bool  `json:"enableDnsHostnames,omitempty"`
	Default            bool   `json:"default,omitempty"` // the Region's own; no deployment makes one
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
		if prefix, ok := network(v.CidrBlock); !ok || prefix.Bits() < 16 || prefix.Bits() > 28 {
			return refuse("InvalidVpc.Range", "The CIDR '%s' is invalid.", v.CidrBlock)
		}
		if len(m.VPCs) >= 5 {
			return refuse("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
		}
		if err := v.settle(); err != nil {
			return err
		}
		v.ID = cmp.Or(v.ID, newID("vpc"))
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
		m.VPCs.keep(v.ID, v)
		m.RouteTables[main] = &RouteTable{ID: main, VPCID: v.ID, Main: true, routeTableComputed: a.routeTableOf(main)}
		m.addDefaultGroup(a, v)
		return nil
	})
}

// network reads an IPv4 range that begins at its first address.
func network(cidr string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(cidr)
	return p, err == nil && p.Addr().Is4() && p == p.Masked()
}

// VPC returns one VPC.
func (a *Account) VPC(id string) (*VPC, error) {
	return vpcs.lookup(a, id)
}

// DefaultVPC returns the Region's default VPC.
func (a *Account) DefaultVPC() (*VPC, error) {
	var out VPC
	err := a.view(func(m *model) error {
		v := m.defaultVPC()
		if v == nil {
			return refuse("VPCIdNotSpecified", "No default VPC for this user")
		}
		out = *v
		return nil
	})
	return &out, err
}

func (m *model) defaultVPC() *VPC {
	for _, v := range m.VPCs {
		if v.Default {
			return v
		}
	}
	return nil
}

// UpdateVPC changes what can be changed in place.
func (a *Account) UpdateVPC(id string, v *VPC) error {
	return vpcs.update(a, id, v, func(_ *model, cur *VPC) error {
		v.ID, v.CidrBlock, v.Default, v.vpcComputed = id, cur.CidrBlock, cur.Default, cur.vpcComputed
		yes := true
		v.EnableDNSSupport = cmp.Or(v.EnableDNSSupport, &yes)
		v.EnableDNSHostnames = cmp.Or(v.EnableDNSHostnames, cur.EnableDNSHostnames)
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
		m.dropGroup(v.DefaultSecurityGroupID)
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
