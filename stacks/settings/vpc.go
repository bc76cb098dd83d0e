package settings

import (
	"fmt"
	"regexp"
	"slices"
)

var (
	vpcID    = regexp.MustCompile(`^vpc-([0-9a-f]{8}|[0-9a-f]{17})$`)
	subnetID = regexp.MustCompile(`^subnet-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// maxSubnets is how many subnets of an existing VPC are taken. Roles name each of
// them, and AWS takes 6 144 characters of a policy.
const maxSubnets = 12

// ownCidr is the range of an own VPC where none is set.
const ownCidr = "10.20.0.0/16"

// checkVPC checks where machines stand: in an own VPC, or in one that is there.
func (s *Settings) checkVPC(p *Problems) {
	n := s.Network
	if n.VPCID != "" || len(n.SubnetIDs) > 0 {
		s.checkExistingVPC(p)
	}
}

func (s *Settings) checkExistingVPC(p *Problems) {
	n := s.Network
	switch {
	case n.VPCID == "":
		p.add("network.vpcId", "set the VPC that the subnets are in, or remove subnetIds for a VPC of its own", "is missing, while network.subnetIds is set: set both or neither")
	case !vpcID.MatchString(n.VPCID):
		p.add("network.vpcId", "write a VPC's id, for example vpc-0123456789abcdef0", "is not a VPC's id: %q", n.VPCID)
	}
	if len(n.SubnetIDs) == 0 {
		p.add("network.subnetIds", "list public subnets of the VPC, the host's first, or remove vpcId for a VPC of its own", "is missing, while network.vpcId is set: set both or neither")
	}
	if len(n.SubnetIDs) > maxSubnets {
		p.add("network.subnetIds", fmt.Sprintf("keep %d at most: one or two of each zone are plenty", maxSubnets), "has %d, and the policies of the roles that launch into them have room for %d", len(n.SubnetIDs), maxSubnets)
	}
	for i, id := range n.SubnetIDs {
		key := fmt.Sprintf("network.subnetIds[%d]", i)
		if !subnetID.MatchString(id) {
			p.add(key, "write a subnet's id, for example subnet-0123456789abcdef0", "is not a subnet's id: %q", id)
		}
		if slices.Contains(n.SubnetIDs[:i], id) {
			p.add(key, "remove it", "is %q, which is in the list already", id)
		}
	}
	const own = "belongs to an own VPC, but network.vpcId names one that is there: "
	if n.NAT {
		p.add("network.nat", "remove it", own+"the route tables of its subnets decide where machines reach out")
	}
	if len(n.Zones) > 0 {
		p.add("network.zones", "remove it", own+"its subnets decide on the zones")
	}
	if n.Cidr != ownCidr {
		p.add("network.cidr", "remove it", own+"it has its range")
	}
}

// checkAddress checks whether the host can do without an address that stays.
func (s *Settings) checkAddress(p *Problems) {
	switch {
	case s.Allocator.Address != Dynamic:
	case s.Balanced():
		p.add("allocator.address", "remove it", "is dynamic, but behind a load balancer (tls.mode: acm, or allocator.replicas above 1) nobody reaches the hosts at their own addresses")
	case !s.OwnVPC():
		p.add("allocator.address", "remove it, which keeps the host's addresses, or remove network.vpcId", "is dynamic, but in an existing VPC the address at which machines reach the host would change with it, too")
	}
}
