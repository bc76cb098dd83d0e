package cloud

import (
	"fmt"
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
	NetworkBorderGroup string `json:"networkBorderGroup"`
	PublicIPv4Pool     string `json:"publicIpv4Pool"`
}

// CreateEIP allocates an address.
func (a *Account) CreateEIP(e *EIP) error {
	return a.change(func(m *model) error {
		if len(m.Addresses) >= 5 {
			return refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.")
		}
		if e.Domain != "" && e.Domain != "vpc" {
			return refuse("InvalidParameterValue", "Invalid value '%s' for domain.", e.Domain)
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
		m.Addresses[e.ID] = e
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

// DeleteEIP releases an address, ending its association first.
func (a *Account) DeleteEIP(id string) error {
	return addresses.remove(a, id, func(m *model, e *EIP) error {
		m.disassociate(a, e)
		return nil
	})
}

// EIPAssociation is aws:ec2/eipAssociation:EipAssociation with an instance.
type EIPAssociation struct {
	ID           string `json:"id"`
	AllocationID string `json:"allocationId"`
	InstanceID   string `json:"instanceId"`
	PublicIP     string `json:"publicIp"`
}

// CreateEIPAssociation gives an instance an address; an earlier association of
// the address ends.
func (a *Account) CreateEIPAssociation(x *EIPAssociation) error {
	return a.change(func(m *model) error {
		e, err := addresses.get(m, x.AllocationID)
		if err != nil {
			return err
		}
		i, err := instances.get(m, x.InstanceID)
		if err != nil {
			return err
		}
		if i.Gone() {
			return refuse("InvalidInstanceID", "The instance '%s' is not in a valid state for this operation.", i.ID)
		}
		vpc, attached := m.vpcOf(i), false
		for _, g := range m.InternetGateways {
			attached = attached || g.VPCID == vpc
		}
		if !attached {
			return refuse("Gateway.NotAttached", "Network %s is not attached to any internet gateway", vpc)
		}
		m.disassociate(a, e)
		e.AssociationID, e.Instance = newID("eipassoc"), i.ID
		m.setPublicIP(a, i, e.PublicIP)
		x.ID, x.PublicIP = e.AssociationID, e.PublicIP
		return nil
	})
}

// EIPAssociation returns one association.
func (a *Account) EIPAssociation(id string) (*EIPAssociation, error) {
	var out *EIPAssociation
	err := a.view(func(m *model) error {
		e := m.associated(id)
		if e == nil {
			return refuse("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
		}
		out = &EIPAssociation{ID: id, AllocationID: e.ID, InstanceID: e.Instance, PublicIP: e.PublicIP}
		return nil
	})
	return out, err
}

// DeleteEIPAssociation takes the address from its instance.
func (a *Account) DeleteEIPAssociation(id string) error {
	return a.change(func(m *model) error {
		e := m.associated(id)
		if e == nil {
			return refuse("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
		}
		m.disassociate(a, e)
		return nil
	})
}

func (m *model) associated(id string) *EIP {
	for _, e := range m.Addresses {
		if e.AssociationID == id && id != "" {
			return e
		}
	}
	return nil
}

func (m *model) disassociate(a *Account, e *EIP) {
	if i := m.Instances[e.Instance]; i != nil && i.PublicIP == e.PublicIP {
		m.setPublicIP(a, i, "")
	}
	e.Instance, e.AssociationID = "", ""
}

func (m *model) setPublicIP(a *Account, i *Instance, ip string) {
	i.PublicIP, i.PublicDNS = ip, publicDNS(a, ip)
}

func publicDNS(a *Account, ip string) string {
	if ip == "" {
		return ""
	}
	return "ec2-" + strings.ReplaceAll(ip, ".", "-") + "." + a.opts.Region + ".compute.amazonaws.com"
}

// newPublicIP takes an address of a range that documentation may use
// (RFC 5737), so that it can never be mistaken for a real one.
func (m *model) newPublicIP() string {
	used := map[string]bool{}
	for _, e := range m.Addresses {
		used[e.PublicIP] = true
	}
	for _, i := range m.Instances {
		used[i.PublicIP] = true
	}
	for n := 0; ; n++ {
		ip := fmt.Sprintf("203.0.%d.%d", 113+n/254, 1+n%254)
		if !used[ip] {
			return ip
		}
	}
}
