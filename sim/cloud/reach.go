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
	return a.view(func(m *model) error {
		private, err := m.route(from, to, service)
		if err != nil {
			return err
		}
		source, target := m.addressOf(from, private), m.addressOf(to, private)
		if i := m.Instances[from.Instance]; i != nil && !m.permits(i, true, port, target, m.Instances[to.Instance], private) {
			return fmt.Errorf("no egress rule of %v allows TCP %d to %s", i.VPCSecurityGroupIDs, port, target)
		}
		if i := m.Instances[to.Instance]; i != nil && !m.permits(i, false, port, source, m.Instances[from.Instance], private) {
			return fmt.Errorf("no ingress rule of %v allows TCP %d from %s", i.VPCSecurityGroupIDs, port, source)
		}
		return nil
	})
}

// route finds whether there is a way, and whether it stays inside one VPC.
func (m *model) route(from, to Peer, service string) (private bool, err error) {
	source, target := m.Instances[from.Instance], m.Instances[to.Instance]
	for _, i := range []*Instance{source, target} {
		if i != nil && i.InstanceState != "running" {
			return false, fmt.Errorf("instance %s is %s", i.ID, i.InstanceState)
		}
	}
	if source != nil && target != nil && m.vpcOf(source) == m.vpcOf(target) && to.Address != target.PublicIP {
		return true, nil
	}
	if source != nil && service == "s3" && m.hasEndpoint(source, "s3") {
		return false, nil
	}
	for _, end := range []struct {
		i    *Instance
		peer Peer
	}{{source, to}, {target, from}} {
		i := end.i
		if i == nil {
			continue
		}
		if i.PublicIP == "" {
			return false, fmt.Errorf("instance %s has no public address", i.ID)
		}
		if peer := m.addressOf(end.peer, false); !m.hasInternetRoute(i, peer) {
			return false, fmt.Errorf("subnet %s of instance %s has no route to an internet gateway for %s", i.SubnetID, i.ID, peer)
		}
	}
	return false, nil
}

func (m *model) addressOf(e Peer, private bool) string {
	i := m.Instances[e.Instance]
	switch {
	case i == nil:
		return e.Address
	case private:
		return i.PrivateIP
	}
	return i.PublicIP
}

// vpcOf is the VPC that an instance is in; an ended one is in none.
func (m *model) vpcOf(i *Instance) string {
	if s := m.Subnets[i.SubnetID]; s != nil {
		return s.VPCID
	}
	return ""
}

// tableOf is the route table in force for an instance's subnet.
func (m *model) tableOf(i *Instance) string {
	for _, association := range m.Associations {
		if association.SubnetID == i.SubnetID {
			return association.RouteTableID
		}
	}
	return m.VPCs[m.vpcOf(i)].MainRouteTableID
}

// hasInternetRoute follows the route that fits an address best.
func (m *model) hasInternetRoute(i *Instance, address string) bool {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	table, best, leads := m.tableOf(i), -1, false
	for _, r := range m.Routes {
		p := netip.MustParsePrefix(r.DestinationCidrBlock)
		if r.RouteTableID == table && p.Contains(addr) && p.Bits() > best {
			best, leads = p.Bits(), m.leads(r)
		}
	}
	return leads
}

func (m *model) hasEndpoint(i *Instance, service string) bool {
	table := m.tableOf(i)
	for _, e := range m.Endpoints {
		if e.service() == service && slices.Contains(e.RouteTableIDs, table) {
			return true
		}
	}
	return false
}

// permits reports whether a rule of i's groups lets a connection to or from
// peer pass. Rules that name a group match private addresses only, as on AWS.
func (m *model) permits(i *Instance, egress bool, port int, address string, peer *Instance, private bool) bool {
	addr, err := netip.ParseAddr(address)
	if err != nil {
		return false
	}
	for _, r := range m.Rules {
		if r.Egress != egress || !slices.Contains(i.VPCSecurityGroupIDs, r.SecurityGroupID) || !r.covers(port) {
			continue
		}
		if r.CidrIPv4 != "" && netip.MustParsePrefix(r.CidrIPv4).Contains(addr) {
			return true
		}
		if r.ReferencedSecurityGroupID != "" && private && peer != nil &&
			slices.Contains(peer.VPCSecurityGroupIDs, r.ReferencedSecurityGroupID) {
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
