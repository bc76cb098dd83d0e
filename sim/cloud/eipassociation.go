package cloud

// EIPAssociation is aws:ec2/eipAssociation:EipAssociation with an instance.
type EIPAssociation struct {
	ID           string `json:"id"`
	AllocationID string `json:"allocationId"`
	InstanceID   string `json:"instanceId"`
	eipAssociationComputed
}

type eipAssociationComputed struct {
	PublicIP string `json:"publicIp"`
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
		for _, other := range m.Addresses { // an instance's earlier one makes way
			if other.Instance == i.ID {
				m.disassociate(a, other)
			}
		}
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
		out = &EIPAssociation{ID: id, AllocationID: e.ID, InstanceID: e.Instance, eipAssociationComputed: eipAssociationComputed{e.PublicIP}}
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
