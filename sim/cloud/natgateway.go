package cloud

// NATGateway is aws:ec2/natGateway:NatGateway, of the public kind: machines
// behind it reach out by its address, and nobody reaches them.
type NATGateway struct {
	ID               string `json:"id"`
	SubnetID         string `json:"subnetId"`
	AllocationID     string `json:"allocationId"`
	ConnectivityType string `json:"connectivityType,omitempty"`
	PrivateIP        string `json:"privateIp,omitempty"`
	Tagged
	natComputed
}

type natComputed struct {
	AssociationID      string `json:"associationId"`
	NetworkInterfaceID string `json:"networkInterfaceId"`
	PublicIP           string `json:"publicIp"`
}

// CreateNATGateway makes a gateway in a subnet, with an elastic address that
// nothing else has.
func (a *Account) CreateNATGateway(n *NATGateway) error {
	return a.change(func(m *model) error {
		s, err := subnets.get(m, n.SubnetID)
		if err != nil {
			return err
		}
		if n.ConnectivityType != "" && n.ConnectivityType != "public" {
			return refuse("InvalidParameterValue", "The simulator models public NAT gateways only, not %s", n.ConnectivityType)
		}
		if n.AllocationID == "" {
			return refuse("MissingParameter", "The request must include the AllocationId parameter. Add the required parameter and retry the request.")
		}
		e, err := addresses.get(m, n.AllocationID)
		if err != nil {
			return err
		}
		switch {
		case e.AssociationID != "":
			return refuse("Resource.AlreadyAssociated", "Elastic IP address [%s] is already associated", e.ID)
		case !m.attached(s.VPCID):
			return refuse("Gateway.NotAttached", "Network %s has no Internet gateway attached", s.VPCID)
		}
		if n.PrivateIP, err = m.freeAddress(s, n.PrivateIP); err != nil {
			return err
		}
		if err := n.settle(); err != nil {
			return err
		}
		n.ID, n.ConnectivityType = newID("nat"), "public"
		n.natComputed = natComputed{AssociationID: newID("eipassoc"), NetworkInterfaceID: newID("eni"), PublicIP: e.PublicIP}
		e.AssociationID, e.NetworkInterface = n.AssociationID, n.NetworkInterfaceID
		m.NATGateways.keep(n.ID, n)
		return nil
	})
}

// NATGateway returns one gateway.
func (a *Account) NATGateway(id string) (*NATGateway, error) { return natGateways.lookup(a, id) }

// UpdateNATGateway changes tags.
func (a *Account) UpdateNATGateway(id string, n *NATGateway) error {
	return natGateways.update(a, id, n, func(_ *model, cur *NATGateway) error {
		n.ID, n.SubnetID, n.AllocationID, n.ConnectivityType, n.PrivateIP = id, cur.SubnetID, cur.AllocationID, cur.ConnectivityType, cur.PrivateIP
		n.natComputed = cur.natComputed
		return n.settle()
	})
}

// DeleteNATGateway gives its address back. Nothing refuses it; routes to it
// lead nowhere from then on.
func (a *Account) DeleteNATGateway(id string) error {
	return natGateways.remove(a, id, func(m *model, n *NATGateway) error {
		if e := m.Addresses[n.AllocationID]; e != nil {
			e.AssociationID, e.NetworkInterface = "", ""
		}
		return nil
	})
}

// translates reports whether an address is a NAT gateway's.
func (m *model) translates(e *EIP) bool {
	for _, n := range m.NATGateways {
		if n.AllocationID == e.ID {
			return true
		}
	}
	return false
}
