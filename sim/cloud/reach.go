package cloud

import (
	"fmt"
	"net/netip"
	"slices"
)

// Peer is one end of a connection: an instance, or an address outside.
type Peer struct {
	Instance string // an instance's id, or "" for an address outside the account
	Address  string // the address outside
}

// AWSServices is the address that stands for the AWS API: an address on the
// internet, except that S3 is also behind gateway endpoints.
const AWSServices = "52.94.0.1"

// Internet is the address from which people outside come.
const Internet = "198.51.100.23"

// CertificateAuthority is the address from which a certificate authority looks
// at names. Who lets in only some networks does not let it in.
const CertificateAuthority = "192.0.2.80"

// Reach decides whether from can open a TCP connection to a port of to, by
// routes and security groups. The error says what stands in the way.
func (a *Account) Reach(from, to Peer, port int, service string) error {
	_, err := a.Connect(from, to, port, service)
	return err
}

// Connect is Reach, and says which address to sees from come from.
func (a *Account) Connect(from, to Peer, port int, service string) (source string, err error) {
	err = a.view(func(m *model) error {
		w, err := m.way(from, to, service)
		if err != nil {
			return err
		}
		source = w.source
		return m.pass(w, m.groupsOf(from), m.groupsOf(to), port)
	})
	return source, err
}

// groupsOf are the security groups of an instance; of an address outside, nil.
func (m *model) groupsOf(p Peer) []string {
	if i := m.Instances[p.Instance]; i != nil {
		return append([]string{}, i.VPCSecurityGroupIDs...)
	}
	return nil
}

// pass asks the rules at both ends of a way. An end without groups is outside the
// account, where none are.
func (m *model) pass(w way, source, target []string, port int) error {
	if source != nil && !m.permits(source, true, port, w.target, target, w.private) {
		return fmt.Errorf("no egress rule of %v allows TCP %d to %s", source, port, w.target)
	}
	if target != nil && !m.permits(target, false, port, w.source, source, w.private) {
		return fmt.Errorf("no ingress rule of %v allows TCP %d from %s", target, port, w.source)
	}
	return nil
}

// way is how a connection goes.
type way struct {
	private        bool   // it stays inside one VPC
	source, target string // the addresses that the ends see of each other
}

// way finds a way, if there is one.
func (m *model) way(from, to Peer, service string) (way, error) {
	source, target := m.Instances[from.Instance], m.Instances[to.Instance]
	for _, i := range []*Instance{source, target} {
		if i != nil && i.InstanceState != "running" {
			return way{}, fmt.Errorf("instance %s is %s", i.ID, i.InstanceState)
		}
	}
	if source != nil && target != nil && m.vpcOf(source) == m.vpcOf(target) && to.Address != target.PublicIP {
		return way{true, source.PrivateIP, target.PrivateIP}, nil
	}
	w := way{source: from.Address, target: to.Address}
	if source != nil && service == "s3" && m.hasEndpoint(source, "s3") {
		w.source = source.PrivateIP
		return w, nil
	}
	if target != nil {
		w.target = target.PublicIP
	}
	var err error
	if source != nil {
		if w.source, err = m.out(source, w.target); err != nil {
			return way{}, err
		}
	}
	if target != nil {
		err = m.in(target, w.source)
	}
	return w, err
}

// out is the address by which an instance reaches one on the internet: its own
// public one, or a NAT gateway's.
func (m *model) out(i *Instance, peer string) (string, error) {
	r := m.routeFrom(i.SubnetID, peer)
	if r != nil && r.NATGatewayID != "" {
		n := m.NATGateways[r.NATGatewayID]
		if further := m.routeFrom(n.SubnetID, peer); further == nil || further.GatewayID == "" {
			return "", fmt.Errorf("subnet %s of NAT gateway %s has no route to an internet gateway for %s", n.SubnetID, n.ID, peer)
		}
		return n.PublicIP, nil
	}
	return i.PublicIP, m.in(i, peer)
}

// in reports why an instance has no connection with an address on the internet
// by a public address of its own.
func (m *model) in(i *Instance, peer string) error {
	if i.PublicIP == "" {
		return fmt.Errorf("instance %s has no public address", i.ID)
	}
	if r := m.routeFrom(i.SubnetID, peer); r == nil || r.GatewayID == "" {
		return fmt.Errorf("subnet %s of instance %s has no route to an internet gateway for %s", i.SubnetID, i.ID, peer)
	}
	return nil
}

// vpcOf is the VPC that an instance is in; an ended one is in none.
func (m *model) vpcOf(i *Instance) string {
	if s := m.Subnets[i.SubnetID]; s != nil {
		return s.VPCID
	}
	return ""
}

// tableOf is the route table in force for a subnet.
func (m *model) tableOf(subnet string) string {
	for _, association := range m.Associations {
		if association.SubnetID == subnet {
			return association.RouteTableID
		}
	}
	return m.VPCs[m.Subnets[subnet].VPCID].MainRouteTableID
}

// routeFrom is the route that fits an address best; nil when there is none, or
// when it leads nowhere.
func (m *model) routeFrom(subnet, address string) *Route {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return nil
	}
	var found *Route
	table, best := m.tableOf(subnet), -1
	for _, r := range m.Routes {
		p := netip.MustParsePrefix(r.DestinationCidrBlock)
		if r.RouteTableID == table && p.Contains(addr) && p.Bits() > best {
			best, found = p.Bits(), r
		}
	}
	if found == nil || !m.leads(found) {
		return nil
	}
	return found
}

func (m *model) hasEndpoint(i *Instance, service string) bool {
	table := m.tableOf(i.SubnetID)
	for _, e := range m.Endpoints {
		if e.service() == service && slices.Contains(e.RouteTableIDs, table) {
			return true
		}
	}
	return false
}

// permits reports whether a rule of groups lets a connection to or from a peer
// pass. Rules that name a group match private addresses only, as on AWS.
func (m *model) permits(groups []string, egress bool, port int, address string, peer []string, private bool) bool {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, r := range m.Rules {
		if r.Egress != egress || !slices.Contains(groups, r.SecurityGroupID) || !r.covers(port) {
			continue
		}
		if r.CidrIPv4 != "" && netip.MustParsePrefix(r.CidrIPv4).Contains(addr) {
			return true
		}
		if r.ReferencedSecurityGroupID != "" && private && slices.Contains(peer, r.ReferencedSecurityGroupID) {
			return true
		}
	}
	return false
}

func (r *SecurityGroupRule) covers(port int) bool {
	if r.IPProtocol == "-1" {
		return true
	}
	return r.IPProtocol == "tcp" && *r.FromPort <= port && port <= *r.ToPort
}
