package cloud

// EIPAssociation is aws:ec2/eipAssociation:EipAssociation with an instance or
// with an interface that exists by itself.
type EIPAssociation struct {
	ID                 string `json:"id"`
	AllocationID       string `json:"allocationId"`
	InstanceID         string `json:"instanceId,omitempty"`
	NetworkInterfaceID string `json:"networkInterfaceId,omitempty"`
	eipAssociationComputed
}

type eipAssociationComputed struct {
	PublicIP string `json:"publicIp"`
}

// CreateEIPAssociation gives an instance or an interface an address; an earlier
// association of the address ends.
func (a *Account) CreateEIPAssociation(x *EIPAssociation) error {
	return a.change(func(m *model) error {
		e, err := addresses.get(m, x.AllocationID)
		if err != nil {
			return err
		}
		i, n, err := m.associable(x)
		if err != nil {
			return err
		}
		var subnet string
		if i != nil {
			subnet = i.SubnetID
		} else {
			subnet = n.SubnetID
		}
		if vpc := m.Subnets[subnet].VPCID; !m.attached(vpc) {
			return refuse("Gateway.NotAttached", "Network %s is not attached to any internet gateway", vpc)
		}
		if m.translates(e) {
			return refuse("AuthFailure", "You do not have permission to access the specified resource.")
		}
		m.disassociate(a, e)
		for _, other := range m.Addresses { // an earlier one makes way
			if i != nil && other.Instance == i.ID || n != nil && other.NetworkInterface == n.ID {
				m.disassociate(a, other)
			}
		}
		e.AssociationID = newID("eipassoc")
		if n != nil {
			e.NetworkInterface = n.ID
		}
		if i != nil {
			e.Instance = i.ID
			m.setPublicIP(a, i, e.PublicIP)
		}
		x.ID, x.PublicIP = e.AssociationID, e.PublicIP
		return nil
	})
}

// associable is what an address is to be associated with: an instance, an
// interface, or both where the instance was launched with the interface.
func (m *model) associable(x *EIPAssociation) (*Instance, *NetworkInterface, error) {
	if (x.InstanceID == "") == (x.NetworkInterfaceID == "") {
		return nil, nil, refuse("InvalidParameterCombination", "You must specify either the instance ID or the network interface ID, but not both")
	}
	if x.NetworkInterfaceID != "" {
		n, err := interfaces.get(m, x.NetworkInterfaceID)
		if err != nil {
			return nil, nil, err
		}
		return m.Instances[n.InstanceID], n, nil
	}
	i, err := instances.get(m, x.InstanceID)
	if err != nil {
		return nil, nil, err
	}
	if i.Gone() {
		return nil, nil, refuse("InvalidInstanceID", "The instance '%s' is not in a valid state for this operation.", i.ID)
	}
	return i, m.Interfaces[i.PrimaryNetworkInterfaceID], nil
}

// EIPAssociation returns one association.
func (a *Account) EIPAssociation(id string) (*EIPAssociation, error) {
	var out *EIPAssociation
	err := a.view(func(m *model) error {
		e := m.associated(id)
		if e == nil {
			return refuse("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
		}
		out = &EIPAssociation{ID: id, AllocationID: e.ID, InstanceID: e.Instance, NetworkInterfaceID: e.NetworkInterface, eipAssociationComputed: eipAssociationComputed{e.PublicIP}}
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
