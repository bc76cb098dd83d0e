package cloud

import (
	"fmt"
	"hash/crc32"
)

// Route is aws:ec2/route:Route to an internet gateway or a NAT gateway.
type Route struct {
	ID                   string `json:"id"`
	RouteTableID         string `json:"routeTableId"`
	DestinationCidrBlock string `json:"destinationCidrBlock"`
	GatewayID            string `json:"gatewayId,omitempty"`
	NATGatewayID         string `json:"natGatewayId,omitempty"`
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
		r.ID = RouteID(r.RouteTableID, r.DestinationCidrBlock)
		if m.Routes[r.ID] != nil {
			return refuse("RouteAlreadyExists", "Route in Route Table (%s) with destination (%s) already exists", r.RouteTableID, r.DestinationCidrBlock)
		}
		r.routeComputed = routeComputed{Origin: "CreateRoute", State: "active"}
		m.Routes.keep(r.ID, r)
		return nil
	})
}

// RouteID is the id that the provider gives a route.
func RouteID(table, destination string) string {
	return fmt.Sprintf("r-%s%d", table, crc32.ChecksumIEEE([]byte(destination)))
}

func (m *model) checkRoute(r *Route) error {
	t, err := routeTables.get(m, r.RouteTableID)
	if err != nil {
		return err
	}
	if _, ok := network(r.DestinationCidrBlock); !ok {
		return refuse("InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.", r.DestinationCidrBlock)
	}
	if (r.GatewayID == "") == (r.NATGatewayID == "") {
		return refuse("InvalidParameterCombination", "Exactly one of gatewayId and natGatewayId must be specified")
	}
	if r.NATGatewayID != "" {
		n := m.NATGateways[r.NATGatewayID]
		if n == nil {
			return refuse("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", r.NATGatewayID)
		}
		if m.Subnets[n.SubnetID].VPCID != t.VPCID {
			return refuse("InvalidParameterValue", "route table %s and NAT gateway %s belong to different networks", t.ID, n.ID)
		}
		return nil
	}
	g := m.InternetGateways[r.GatewayID]
	if g == nil {
		return refuse("InvalidGatewayID.NotFound", "The gateway ID '%s' does not exist", r.GatewayID)
	}
	if g.VPCID != t.VPCID {
		return refuse("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.ID, g.ID)
	}
	return nil
}

// Route returns one route. One whose gateway is gone leads nowhere.
func (a *Account) Route(id string) (*Route, error) {
	var out Route
	err := a.view(func(m *model) error {
		r, err := routes.get(m, id)
		if err != nil {
			return err
		}
		out = *r
		if !m.leads(r) {
			out.State = "blackhole"
		}
		return nil
	})
	return &out, err
}

// leads reports whether a route's gateway is there and at the table's VPC.
func (m *model) leads(r *Route) bool {
	if r.NATGatewayID != "" {
		return m.NATGateways[r.NATGatewayID] != nil
	}
	g := m.InternetGateways[r.GatewayID]
	return g != nil && g.VPCID == m.RouteTables[r.RouteTableID].VPCID
}

// UpdateRoute changes the target.
func (a *Account) UpdateRoute(id string, r *Route) error {
	return routes.update(a, id, r, func(m *model, cur *Route) error {
		r.ID, r.RouteTableID, r.DestinationCidrBlock, r.routeComputed = id, cur.RouteTableID, cur.DestinationCidrBlock, cur.routeComputed
		return m.checkRoute(r)
	})
}

// DeleteRoute removes a route.
func (a *Account) DeleteRoute(id string) error {
	return routes.remove(a, id, nil)
}
