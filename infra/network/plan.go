package network

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Parts of a range that there are, and from which on they are for private subnets.
const (
	parts        = 16
	firstPrivate = 8
)

// Plan says which part of a range each zone's subnets get.
type Plan struct {
	Subnets []SubnetPlan
	// Private are subnets behind NAT, of the zones a to h.
	Private []SubnetPlan
}

// SubnetPlan is one subnet.
type SubnetPlan struct {
	Zone   string
	Letter string // that the zone's name ends in
	Cidr   string
	// Host is the address that the allocator's host has in this subnet, the
	// eleventh: AWS keeps the first four. It is fixed, so that a new host is found
	// where the old one was. NAT is the one after it, a NAT gateway's: one that AWS
	// chooses could be the host's.
	Host, NAT string
}

// NewPlan cuts a range of /16 to /24 into sixteen parts. A zone's letter says which
// one its public subnet gets, and eight further on its private one: where a zone
// takes the place of another, its subnets are made while the others are there.
func NewPlan(cidr string, zones []string) (Plan, error) {
	var p Plan
	whole, err := netip.ParsePrefix(cidr)
	if err != nil || whole != whole.Masked() || !whole.Addr().Is4() || whole.Bits() < 16 || whole.Bits() > 24 {
		return p, fmt.Errorf("%q cannot be a VPC's range: want an IPv4 network of /16 to /24, for example 10.20.0.0/16", cidr)
	}
	base, bits := binary.BigEndian.Uint32(whole.Addr().AsSlice()), whole.Bits()+4
	taken := [parts]bool{}
	for _, zone := range zones {
		i := position(zone)
		if i < 0 || i >= parts || taken[i] {
			return Plan{}, fmt.Errorf("%q cannot be a zone of the network: want one that ends in a letter from a to p, each once", zone)
		}
		taken[i] = true
		p.Subnets = append(p.Subnets, part(base, bits, i, zone))
		if i < firstPrivate {
			p.Private = append(p.Private, part(base, bits, firstPrivate+i, zone))
		}
	}
	return p, nil
}

// position is that of a zone's letter in the alphabet, from 0.
func position(zone string) int {
	if zone == "" {
		return -1
	}
	return int(zone[len(zone)-1]) - 'a'
}

func part(base uint32, bits, i int, zone string) SubnetPlan {
	first := base + uint32(i)<<(32-bits) //nolint:gosec // the subnet's number, below eight
	return SubnetPlan{
		Zone: zone, Letter: zone[len(zone)-1:], Cidr: netip.PrefixFrom(address(first), bits).String(),
		Host: address(first + 10).String(), NAT: address(first + 11).String(),
	}
}

func address(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}
