package network

import (
	"encoding/binary"
	"fmt"
	"net/netip"
)

// Plan says which part of a range each zone's subnet gets.
type Plan struct {
	Subnets []SubnetPlan
}

// SubnetPlan is one subnet.
type SubnetPlan struct {
	Zone string
	Cidr string
	// Host is the address that the allocator's host has in this subnet, the
	// eleventh: AWS keeps the first four. It is fixed, so that a new host is found
	// where the old one was.
	Host string
}

// NewPlan cuts a range of /16 to /24 into sixteen parts and gives the first ones
// to zones, in their order.
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
		first := base + uint32(i)<<(32-bits)
		p.Subnets = append(p.Subnets, SubnetPlan{
			Zone: zone,
			Cidr: netip.PrefixFrom(address(first), bits).String(),
			Host: address(first + 10).String(),
		})
	}
	return p, nil
}

func address(n uint32) netip.Addr {
	return netip.AddrFrom4([4]byte(binary.BigEndian.AppendUint32(nil, n)))
}
