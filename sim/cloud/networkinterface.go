package cloud

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// NetworkInterface is aws:ec2/networkInterface:NetworkInterface with one private
// address. It is there before the instance that it is put into, and after it.
type NetworkInterface struct {
	ID             string   `json:"id"`
	SubnetID       string   `json:"subnetId"`
	PrivateIPs     []string `json:"privateIps,omitempty"`
	SecurityGroups []string `json:"securityGroups,omitempty"`
	Description    string   `json:"description,omitempty"`
	Tagged
	interfaceComputed
}

type interfaceComputed struct {
	ARN            string `json:"arn"`
	OwnerID        string `json:"ownerId"`
	PrivateIP      string `json:"privateIp"`
	PrivateDNSName string `json:"privateDnsName"`
	MacAddress     string `json:"macAddress"`

	// What only this model needs to know.
	InstanceID string `json:"instanceId"` // that it is put into, or ""
}

// CreateNetworkInterface takes an address of a subnet: the one that is asked
// for, or a free one.
func (a *Account) CreateNetworkInterface(n *NetworkInterface) error {
	return a.change(func(m *model) error {
		s, err := subnets.get(m, n.SubnetID)
		if err != nil {
			return err
		}
		if err := n.check(m, s); err != nil {
			return err
		}
		if len(n.PrivateIPs) > 1 || n.PrivateIP != "" {
			return refuse("InvalidParameterValue", "The simulator models one private address of an interface, in privateIps")
		}
		address, err := m.freeAddress(s, strings.Join(n.PrivateIPs, ""))
		if err != nil {
			return err
		}
		n.ID, n.PrivateIPs = newID("eni"), []string{address}
		four := netip.MustParseAddr(address).As4()
		n.interfaceComputed = interfaceComputed{
			ARN: a.arn("ec2", "network-interface/"+n.ID), OwnerID: a.opts.AccountID, PrivateIP: address, PrivateDNSName: a.privateDNS(address),
			MacAddress: fmt.Sprintf("06:00:%02x:%02x:%02x:%02x", four[0], four[1], four[2], four[3]),
		}
		m.Interfaces.keep(n.ID, n)
		return nil
	})
}

func (a *Account) privateDNS(address string) string {
	return "ip-" + strings.ReplaceAll(address, ".", "-") + "." + a.opts.Region + ".compute.internal"
}

// check refuses what cannot be; without groups it is in its VPC's own.
func (n *NetworkInterface) check(m *model, s *Subnet) error {
	if len(n.SecurityGroups) == 0 {
		n.SecurityGroups = []string{m.VPCs[s.VPCID].DefaultSecurityGroupID}
	}
	if err := m.checkGroups(n.SecurityGroups, s); err != nil {
		return err
	}
	return n.settle()
}

// NetworkInterface returns one interface.
func (a *Account) NetworkInterface(id string) (*NetworkInterface, error) {
	return interfaces.lookup(a, id)
}

// UpdateNetworkInterface changes groups, description and tags. An instance that
// it is in has its groups at once.
func (a *Account) UpdateNetworkInterface(id string, n *NetworkInterface) error {
	return interfaces.update(a, id, n, func(m *model, cur *NetworkInterface) error {
		n.ID, n.SubnetID, n.PrivateIPs, n.interfaceComputed = id, cur.SubnetID, cur.PrivateIPs, cur.interfaceComputed
		if n.SecurityGroups == nil { // left out: stay
			n.SecurityGroups = cur.SecurityGroups
		}
		if err := n.check(m, m.Subnets[n.SubnetID]); err != nil {
			return err
		}
		if i := m.Instances[n.InstanceID]; i != nil {
			i.VPCSecurityGroupIDs = slices.Clone(n.SecurityGroups)
		}
		return nil
	})
}

// DeleteNetworkInterface refuses while an instance has it. An elastic address
// that it had is free again.
func (a *Account) DeleteNetworkInterface(id string) error {
	return interfaces.remove(a, id, func(m *model, n *NetworkInterface) error {
		if n.InstanceID != "" { // the provider detaches it first, which EC2 refuses
			return refuse("OperationNotPermitted", "The network interface at device index 0 cannot be detached.")
		}
		if e := m.elastic(id); e != nil {
			m.disassociate(a, e)
		}
		return nil
	})
}

// elastic is the address that is associated with an interface, or nil.
func (m *model) elastic(id string) *EIP {
	for _, e := range m.Addresses {
		if e.NetworkInterface == id && id != "" {
			return e
		}
	}
	return nil
}

// InstanceInterface names an interface that an instance is launched with.
type InstanceInterface struct {
	DeviceIndex         int    `json:"deviceIndex"`
	NetworkInterfaceID  string `json:"networkInterfaceId"`
	DeleteOnTermination bool   `json:"deleteOnTermination,omitempty"`
}

// wear gives an instance the subnet, the address and the groups of the interface
// that it is launched with, and returns the interface; nil where EC2 makes one.
func (i *Instance) wear(m *model) (*NetworkInterface, error) {
	if len(i.NetworkInterfaces) == 0 {
		return nil, nil
	}
	named := i.NetworkInterfaces[0]
	if len(i.NetworkInterfaces) > 1 || named.DeviceIndex != 0 {
		return nil, refuse("InvalidParameterValue", "The simulator models the primary network interface only")
	}
	if i.SubnetID != "" || i.PrivateIP != "" || len(i.VPCSecurityGroupIDs) > 0 || i.AssociatePublicIPAddress != nil {
		return nil, refuse("InvalidParameterCombination", "Network interfaces and an instance-level subnet ID, private address, public address or security groups may not be specified on the same request")
	}
	if named.DeleteOnTermination {
		return nil, refuse("InvalidParameterCombination", "A network interface that exists may not be specified with delete on termination")
	}
	n, err := interfaces.get(m, named.NetworkInterfaceID)
	if err != nil {
		return nil, err
	}
	if n.InstanceID != "" {
		return nil, refuse("InvalidNetworkInterface.InUse", "Network interface '%s' is currently in use.", n.ID)
	}
	i.SubnetID, i.PrivateIP, i.VPCSecurityGroupIDs = n.SubnetID, n.PrivateIPs[0], slices.Clone(n.SecurityGroups)
	return n, nil
}
