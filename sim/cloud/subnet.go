package cloud

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
)

// Subnet is aws:ec2/subnet:Subnet.
type Subnet struct {
	ID                  string `json:"id"`
	VPCID               string `json:"vpcId"`
	CidrBlock           string `json:"cidrBlock"`
	AvailabilityZone    string `json:"availabilityZone"`
	MapPublicIPOnLaunch *bool  `json:"mapPublicIpOnLaunch,omitempty"`
	Tagged
	subnetComputed
}

type subnetComputed struct {
	ARN                string `json:"arn"`
	OwnerID            string `json:"ownerId"`
	AvailabilityZoneID string `json:"availabilityZoneId"`
}

// AvailabilityZones are the names of the Region's zones, sorted.
func (a *Account) AvailabilityZones() []string {
	return []string{a.opts.Region + "a", a.opts.Region + "b", a.opts.Region + "c"}
}

// corners are the directions that a Region's short name writes with two letters.
var corners = map[string]string{"northeast": "ne", "northwest": "nw", "southeast": "se", "southwest": "sw"}

// ZoneID is the id of a zone, such as usw2-az1.
func (a *Account) ZoneID(zone string) string {
	continent, rest, _ := strings.Cut(a.opts.Region, "-")
	short := continent
	for part := range strings.SplitSeq(rest, "-") {
		short += cmp.Or(corners[part], part[:1])
	}
	return short + "-az" + string(zone[len(zone)-1]-'a'+'1')
}

// CreateSubnet makes a subnet inside its VPC's range, clear of its siblings.
func (a *Account) CreateSubnet(s *Subnet) error {
	return a.change(func(m *model) error {
		v, err := vpcs.get(m, s.VPCID)
		if err != nil {
			return err
		}
		if err := m.checkSubnetRange(v, s.CidrBlock); err != nil {
			return err
		}
		zones := a.AvailabilityZones()
		if s.AvailabilityZone == "" {
			s.AvailabilityZone = zones[len(m.Subnets)%len(zones)]
		}
		if !slices.Contains(zones, s.AvailabilityZone) {
			return refuse("InvalidParameterValue", "Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %v.", s.AvailabilityZone, zones)
		}
		if err := s.settle(); err != nil {
			return err
		}
		if s.MapPublicIPOnLaunch == nil {
			s.MapPublicIPOnLaunch = new(bool)
		}
		s.ID = cmp.Or(s.ID, newID("subnet"))
		s.subnetComputed = subnetComputed{
			ARN: a.arn("ec2", "subnet/"+s.ID), OwnerID: a.opts.AccountID,
			AvailabilityZoneID: a.ZoneID(s.AvailabilityZone),
		}
		m.Subnets.keep(s.ID, s)
		return nil
	})
}

func (m *model) checkSubnetRange(v *VPC, cidr string) error {
	prefix, ok := network(cidr)
	whole := netip.MustParsePrefix(v.CidrBlock)
	if !ok || prefix.Bits() < max(16, whole.Bits()) || prefix.Bits() > 28 || !whole.Contains(prefix.Addr()) {
		return refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid.", cidr)
	}
	for _, other := range m.Subnets {
		if other.VPCID == v.ID && netip.MustParsePrefix(other.CidrBlock).Overlaps(prefix) {
			return refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", cidr)
		}
	}
	return nil
}

// Subnet returns one subnet.
func (a *Account) Subnet(id string) (*Subnet, error) {
	return subnets.lookup(a, id)
}

// UpdateSubnet changes what can be changed in place.
func (a *Account) UpdateSubnet(id string, s *Subnet) error {
	return subnets.update(a, id, s, func(_ *model, cur *Subnet) error {
		s.ID, s.subnetComputed = id, cur.subnetComputed
		s.VPCID, s.CidrBlock, s.AvailabilityZone = cur.VPCID, cur.CidrBlock, cur.AvailabilityZone
		s.MapPublicIPOnLaunch = cmp.Or(s.MapPublicIPOnLaunch, new(bool))
		return s.settle()
	})
}

// DeleteSubnet refuses while an interface is in the subnet: an instance's, a NAT
// gateway's, a database's, a load balancer's or one by itself.
func (a *Account) DeleteSubnet(id string) error {
	return subnets.remove(a, id, func(m *model, _ *Subnet) error {
		if len(m.usedAddresses(id)) > 0 || m.databaseIn(id) { // also by what is ending
			return refuse("DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", id)
		}
		for key, association := range m.Associations {
			if association.SubnetID == id {
				delete(m.Associations, key)
			}
		}
		return nil
	})
}

// freeAddress finds an address of the subnet for a new network interface; want
// may name one.
func (m *model) freeAddress(s *Subnet, want string) (string, error) {
	prefix := netip.MustParsePrefix(s.CidrBlock)
	used := m.usedAddresses(s.ID)
	addr := prefix.Addr()
	for range 4 { // the network, and three that AWS keeps
		addr = addr.Next()
	}
	if want != "" {
		own, err := netip.ParseAddr(want)
		switch {
		case err != nil || !prefix.Contains(own):
			return "", refuse("InvalidParameterValue", "Address %s does not fall within the subnet's address range", want)
		case own.Less(addr) || !prefix.Contains(own.Next()):
			return "", refuse("InvalidParameterValue", "Address %s is in subnet's reserved address range", want)
		case used[want]:
			return "", refuse("InvalidIPAddress.InUse", "Address %s is in use.", want)
		}
		return want, nil
	}
	for ; prefix.Contains(addr.Next()); addr = addr.Next() { // the last one is AWS's too
		if !used[addr.String()] {
			return addr.String(), nil
		}
	}
	return "", refuse("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in subnet '%s' to satisfy the requested number of instances.", s.ID)
}

// usedAddresses are the private addresses of a subnet that something has.
func (m *model) usedAddresses(subnet string) map[string]bool {
	used := map[string]bool{}
	for _, i := range m.Instances {
		if i.SubnetID == subnet {
			used[i.PrivateIP] = true
		}
	}
	for _, n := range m.Interfaces {
		if n.SubnetID == subnet {
			used[n.PrivateIPs[0]] = true
		}
	}
	for _, n := range m.NATGateways {
		if n.SubnetID == subnet {
			used[n.PrivateIP] = true
		}
	}
	for _, b := range m.LoadBalancers {
		if n, ok := b.Nodes[subnet]; ok {
			used[n.PrivateIP] = true
		}
	}
	return used
}
