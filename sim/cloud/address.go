package cloud

import (
	"cmp"
	"net/netip"
	"strings"
)

// EIP is aws:ec2/eip:Eip.
type EIP struct {
	ID     string `json:"id"`
	Domain string `json:"domain"`
	Tagged
	eipComputed
}

type eipComputed struct {
	ARN                string `json:"arn"`
	AllocationID       string `json:"allocationId"`
	PublicIP           string `json:"publicIp"`
	PublicDNS          string `json:"publicDns"`
	AssociationID      string `json:"associationId"`
	Instance           string `json:"instance"`
	NetworkInterface   string `json:"networkInterface"`
	NetworkBorderGroup string `json:"networkBorderGroup"`
	PublicIPv4Pool     string `json:"publicIpv4Pool"`
}

// CreateEIP allocates an address.
func (a *Account) CreateEIP(e *EIP) error {
	return a.change(func(m *model) error {
		q, err := m.quota("ec2", addressQuota)
		if err != nil {
			return err
		}
		if float64(len(m.Addresses)) >= q.Value {
			return refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.")
		}
		if e.Domain != "" && e.Domain != "vpc" {
			return refuse("InvalidParameterValue", "Invalid value '%s' for domain.", e.Domain)
		}
		if e.Instance != "" || e.NetworkInterface != "" {
			return refuse("InvalidParameterCombination", "The simulator associates addresses by aws:ec2/eipAssociation only")
		}
		if err := e.settle(); err != nil {
			return err
		}
		e.ID, e.Domain = newID("eipalloc"), "vpc"
		ip := m.newPublicIP()
		e.eipComputed = eipComputed{
			ARN: a.arn("ec2", "elastic-ip/"+e.ID), AllocationID: e.ID, PublicIP: ip, PublicDNS: publicDNS(a, ip),
			NetworkBorderGroup: a.opts.Region, PublicIPv4Pool: "amazon",
		}
		m.Addresses.keep(e.ID, e)
		return nil
	})
}

// EIP returns one address.
func (a *Account) EIP(id string) (*EIP, error) { return addresses.lookup(a, id) }

// UpdateEIP changes tags.
func (a *Account) UpdateEIP(id string, e *EIP) error {
	return addresses.update(a, id, e, func(_ *model, cur *EIP) error {
		e.ID, e.Domain, e.eipComputed = id, cur.Domain, cur.eipComputed
		return e.settle()
	})
}

// DeleteEIP releases an address, ending its association first. A NAT gateway's
// is not let go.
func (a *Account) DeleteEIP(id string) error {
	return addresses.remove(a, id, func(m *model, e *EIP) error {
		if m.translates(e) {
			return refuse("AuthFailure", "You do not have permission to access the specified resource.")
		}
		m.disassociate(a, e)
		return nil
	})
}

func (m *model) disassociate(a *Account, e *EIP) {
	if i := m.Instances[e.Instance]; i != nil && i.PublicIP == e.PublicIP {
		m.setPublicIP(a, i, "")
	}
	e.Instance, e.NetworkInterface, e.AssociationID = "", "", ""
}

// setPublicIP gives an instance a public address, and a name for it where its
// VPC hands out names.
func (m *model) setPublicIP(a *Account, i *Instance, ip string) {
	i.PublicIP, i.PublicDNS = ip, ""
	if v := m.VPCs[m.vpcOf(i)]; v != nil && *cmp.Or(v.EnableDNSHostnames, new(bool)) {
		i.PublicDNS = publicDNS(a, ip)
	}
}

func publicDNS(a *Account, ip string) string {
	if ip == "" {
		return ""
	}
	return "ec2-" + strings.ReplaceAll(ip, ".", "-") + "." + a.opts.Region + ".compute.amazonaws.com"
}

// isElastic reports whether a public address is an elastic one.
func (m *model) isElastic(ip string) bool {
	for _, e := range m.Addresses {
		if e.PublicIP == ip {
			return true
		}
	}
	return false
}

// newPublicIP takes an address of ranges that nobody has on the internet, so
// that it can never be mistaken for a real one: one for documentation
// (RFC 5737), and when that is used up, one for benchmarks (RFC 2544). What is
// about to be given away is taken, too.
func (m *model) newPublicIP(taken ...string) string {
	used := map[string]bool{}
	for _, ip := range taken {
		used[ip] = true
	}
	for _, e := range m.Addresses {
		used[e.PublicIP] = true
	}
	for _, i := range m.Instances {
		used[i.PublicIP] = true
	}
	for _, b := range m.LoadBalancers {
		for _, n := range b.Nodes {
			used[n.PublicIP] = true
		}
	}
	ip := netip.MustParseAddr("203.0.113.1")
	for used[ip.String()] {
		if ip = ip.Next(); ip == netip.MustParseAddr("203.0.113.255") {
			ip = netip.MustParseAddr("198.18.0.1")
		}
	}
	return ip.String()
}
