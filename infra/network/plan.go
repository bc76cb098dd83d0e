package network

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// MaxPrivateZones is how many zones have room for private subnets.
const MaxPrivateZones = 8

// Plan says which part of a range each zone's subnets get.
type Plan struct {
	Subnets []SubnetPlan
	// Private are subnets behind NAT, of the first MaxPrivateZones zones.
	Private []SubnetPlan
}

// SubnetPlan is one subnet.
type SubnetPlan struct {
	Zone string
	Cidr string
	// Host is the address that the allocator's host has in this subnet, the
	// eleventh: AWS keeps the first four. It is fixed, so that a new host is found
	// where the old one was. NAT is the one after it, a NAT gateway's: one that AWS
	// chooses could be the host's.
	Host, NAT string
}

// NewPlan cuts a range of /16 to /24 into sixteen parts. The first ones are the
// public subnets of zones, in their order; those from the ninth on are for
// private subnets.
func NewPlan(cidr string, zones []string) (Plan, error) {
	var p Plan
	whole, err := netip.ParsePrefix(cidr)
	if err != nil || whole != whole.Masked() || !whole.Addr().Is4() || whole.Bits() < 16 || whole.Bits() > 24 {
		return p, fmt.Errorf("%q cannot be a VPC's range: want an IPv4 network of /16 to /24, for example 10.20.0.0/16", cidr)
	}
	if len(zones) > 16 {
		return p, fmt.Errorf("%d zones are too many: at most 16", len(zones))
	}
	base, bits := binary.BigEndian.Uint32(whole.Addr().AsSlice()), whole.Bits()+4
	for i, zone := range zones {
		p.Subnets = append(p.Subnets, part(base, bits, i, zone))
		if i < MaxPrivateZones {
			p.Private = append(p.Private, part(base, bits, MaxPrivateZones+i, zone))
		}
	}
	return p, nil
}

func part(base uint32, bits, i int, zone string) SubnetPlan {
	first := base + uint32(i)<<(32-bits) //nolint:gosec // the subnet's number, below eight
	return SubnetPlan{
		Zone: zone, Cidr: netip.PrefixFrom(address(first), bits).String(),
		Host: address(first + 10).String(), NAT: address(first + 11).String(),
	}
}

func address(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}
