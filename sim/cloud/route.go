package cloud

import (
	"fmt"
	"hash/crc32"
	"net/netip"
)

// RouteTable is aws:ec2/routeTable:RouteTable, without inline routes.
type RouteTable struct {
	ID    string `json:"id"`
	VPCID string `json:"vpcId"`
	Main  bool   `json:"main,omitempty"` // a VPC's own; never shown to a deployment
	Tagged
	routeTableComputed
}

type routeTableComputed struct {
	ARN     string `json:"arn"`
	OwnerID string `json:"ownerId"`
}

// CreateRouteTable makes a route table with the local route.
func (a *Account) CreateRouteTable(t *RouteTable) error {
	return a.change(func(m *model) error {
		if _, err := vpcs.get(m, t.VPCID); err != nil {
			return err
		}
		if err := t.settle(); err != nil {
			return err
		}
		t.ID = newID("rtb")
		t.routeTableComputed = routeTableComputed{ARN: a.arn("ec2", "route-table/"+t.ID), OwnerID: a.opts.AccountID}
		m.RouteTables[t.ID] = t
		return nil
	})
}

// RouteTable returns one route table.
func (a *Account) RouteTable(id string) (*RouteTable, error) {
	return routeTables.lookup(a, id)
}

// UpdateRouteTable changes tags.
func (a *Account) UpdateRouteTable(id string, t *RouteTable) error {
	return routeTables.update(a, id, t, func(m *model, cur *RouteTable) error {
		t.ID, t.routeTableComputed = id, cur.routeTableComputed
		return t.settle()
	})
}

// DeleteRouteTable takes its associations and routes along, as the provider
// does for a deployment.
func (a *Account) DeleteRouteTable(id string) error {
	return routeTables.remove(a, id, func(m *model, _ *RouteTable) error {
		for key, association := range m.Associations {
			if association.RouteTableID == id {
				delete(m.Associations, key)
			}
		}
		for key, route := range m.Routes {
			if route.RouteTableID == id {
				delete(m.Routes, key)
			}
		}
		return nil
	})
}

// Route is aws:ec2/route:Route to an internet gateway.
type Route struct {
	ID                   string `json:"id"`
	RouteTableID         string `json:"routeTableId"`
	DestinationCidrBlock string `json:"destinationCidrBlock"`
	GatewayID            string `json:"gatewayId"`
	routeComputed
}

type routeComputed struct {
	Origin string `json:"origin"`
	State  string `json:"state"`
}

// CreateRoute adds a route; a destination can be routed once.
func (a *Account) CreateRoute(r *Route) error {
	return a.change(func(m *model) error {
		if err := m.checkRoute(r); err != nil {
			return err
		}
		r.ID = fmt.Sprintf("r-%s%d", r.RouteTableID, crc32.ChecksumIEEE([]byte(r.DestinationCidrBlock)))
		if m.Routes[r.ID] != nil {
			return refuse("RouteAlreadyExists", "Route in Route Table (%s) with destination (%s) already exists", r.RouteTableID, r.DestinationCidrBlock)
		}
		r.routeComputed = routeComputed{Origin: "CreateRoute", State: "active"}
		m.Routes[r.ID] = r
		return nil
	})
}

func (m *model) checkRoute(r *Route) error {
	t, err := routeTables.get(m, r.RouteTableID)
	if err != nil {
		return err
	}
	if p, err := netip.ParsePrefix(r.DestinationCidrBlock); err != nil || p != p.Masked() {
		return refuse("InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.", r.DestinationCidrBlock)
	}
	g, err := gateways.get(m, r.GatewayID)
	if err != nil {
		return err
	}
	if g.VPCID != t.VPCID {
		return refuse("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.ID, g.ID)
	}
	return nil
}

// Route returns one route.
func (a *Account) Route(id string) (*Route, error) {
	return routes.lookup(a, id)
}

// UpdateRoute changes the target.
func (a *Account) UpdateRoute(id string, r *Route) error {
	return routes.update(a, id, r, func(m *model, cur *Route) error {
		if err := m.checkRoute(r); err != nil {
			return err
		}
		r.ID, r.routeComputed = id, cur.routeComputed
		return nil
	})
}

// DeleteRoute removes a route.
func (a *Account) DeleteRoute(id string) error {
	return routes.remove(a, id, nil)
}

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
		m.Associations[r.ID] = r
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
		if err := m.checkAssociation(r, id); err != nil {
			return err
		}
		r.ID = id
		return nil
	})
}

// DeleteRouteTableAssociation gives the subnet back to the main table.
func (a *Account) DeleteRouteTableAssociation(id string) error {
	return associations.remove(a, id, nil)
}
