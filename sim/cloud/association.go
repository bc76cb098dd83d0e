package cloud

// RouteTableAssociation is aws:ec2/routeTableAssociation:RouteTableAssociation.
type RouteTableAssociation struct {
	ID           string `json:"id"`
	SubnetID     string `json:"subnetId"`
	RouteTableID string `json:"routeTableId"`
}

// CreateRouteTableAssociation gives a subnet its route table.
func (a *Account) CreateRouteTableAssociation(r *RouteTableAssociation) error {
	return a.change(func(m *model) error {
		if err := m.checkAssociation(r, ""); err != nil {
			return err
		}
		r.ID = newID("rtbassoc")
		m.Associations.keep(r.ID, r)
		return nil
	})
}

func (m *model) checkAssociation(r *RouteTableAssociation, self string) error {
	s, err := subnets.get(m, r.SubnetID)
	if err != nil {
		return err
	}
	t, err := routeTables.get(m, r.RouteTableID)
	if err != nil {
		return err
	}
	if s.VPCID != t.VPCID {
		return refuse("InvalidParameterValue", "Route table %s and subnet %s belong to different networks", t.ID, s.ID)
	}
	for _, other := range m.Associations {
		if other.SubnetID == s.ID && other.ID != self {
			return refuse("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", t.ID)
		}
	}
	return nil
}

// RouteTableAssociation returns one association.
func (a *Account) RouteTableAssociation(id string) (*RouteTableAssociation, error) {
	return associations.lookup(a, id)
}

// UpdateRouteTableAssociation moves a subnet to another route table. AWS gives
// the association a new id; the model keeps it, as nothing refers to it.
func (a *Account) UpdateRouteTableAssociation(id string, r *RouteTableAssociation) error {
	return associations.update(a, id, r, func(m *model, cur *RouteTableAssociation) error {
		r.ID, r.SubnetID = id, cur.SubnetID
		return m.checkAssociation(r, id)
	})
}

// AssociationOf is the id of the association of a subnet with a route table, or "".
func (a *Account) AssociationOf(subnet, table string) (id string) {
	_ = a.view(func(m *model) error {
		for _, r := range m.Associations {
			if r.SubnetID == subnet && r.RouteTableID == table {
				id = r.ID
			}
		}
		return nil
	})
	return id
}

// DeleteRouteTableAssociation gives the subnet back to the main table.
func (a *Account) DeleteRouteTableAssociation(id string) error {
	return associations.remove(a, id, nil)
}
