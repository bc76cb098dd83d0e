package cloud

import (
	"net/netip"
	"slices"
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
		s.ID = newID("subnet")
		s.subnetComputed = subnetComputed{
			ARN: a.arn("ec2", "subnet/"+s.ID), OwnerID: a.opts.AccountID,
			AvailabilityZoneID: "az" + string(s.AvailabilityZone[len(s.AvailabilityZone)-1]-'a'+'1'),
		}
		m.Subnets[s.ID] = s
		return nil
	})
}

func (m *model) checkSubnetRange(v *VPC, cidr string) error {
	prefix, err := netip.ParsePrefix(cidr)
	if err != nil || prefix != prefix.Masked() || prefix.Bits() < 16 || prefix.Bits() > 28 ||
		!netip.MustParsePrefix(v.CidrBlock).Contains(prefix.Addr()) {
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
	return subnets.update(a, id, s, func(m *model, cur *Subnet) error {
		s.ID, s.subnetComputed = id, cur.subnetComputed
		return s.settle()
	})
}

// DeleteSubnet refuses while an instance is in the subnet.
func (a *Account) DeleteSubnet(id string) error {
	return subnets.remove(a, id, func(m *model, _ *Subnet) error {
		for _, i := range m.Instances {
			if i.SubnetID == id && !i.Gone() {
				return refuse("DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", id)
			}
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
	used := map[string]bool{}
	for _, i := range m.Instances {
		if i.SubnetID == s.ID && !i.Gone() {
			used[i.PrivateIP] = true
		}
	}
	if want != "" {
		addr, err := netip.ParseAddr(want)
		if err != nil || !prefix.Contains(addr) {
			return "", refuse("InvalidParameterValue", "Address %s does not fall within the subnet's address range", want)
		}
		if used[want] {
			return "", refuse("InvalidIPAddress.InUse", "Address %s is in use.", want)
		}
		return want, nil
	}
	addr := prefix.Addr()
	for range 4 { // the network, and three that AWS keeps
		addr = addr.Next()
	}
	for ; prefix.Contains(addr.Next()); addr = addr.Next() { // the last one is AWS's too
		if !used[addr.String()] {
			return addr.String(), nil
		}
	}
	return "", refuse("InsufficientFreeAddressesInSubnet", "There are not enough free addresses in subnet '%s' to satisfy the requested number of instances.", s.ID)
}
