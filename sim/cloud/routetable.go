package cloud

import (
	"maps"
	"slices"
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
		t.routeTableComputed = a.routeTableOf(t.ID)
		m.RouteTables.keep(t.ID, t)
		return nil
	})
}

func (a *Account) routeTableOf(id string) routeTableComputed {
	return routeTableComputed{ARN: a.arn("ec2", "route-table/"+id), OwnerID: a.opts.AccountID}
}

// RouteTable returns one route table.
func (a *Account) RouteTable(id string) (*RouteTable, error) {
	return routeTables.lookup(a, id)
}

// RouteTablesOf are the ids of a VPC's tables that are associated so: with a subnet,
// or with the VPC as its main one.
func (a *Account) RouteTablesOf(vpc string, so func(subnet string, main bool) bool) []string {
	out := []string{}
	_ = a.view(func(m *model) error {
		for _, id := range slices.Sorted(maps.Keys(m.RouteTables)) {
			t := m.RouteTables[id]
			found := so("", t.Main)
			for _, x := range m.Associations {
				found = found || x.RouteTableID == id && so(x.SubnetID, false)
			}
			if t.VPCID == vpc && found {
				out = append(out, id)
			}
		}
		return nil
	})
	return out
}

// RoutesOf are the routes of a table, without the local one.
func (a *Account) RoutesOf(table string) []Route {
	var out []Route
	_ = a.view(func(m *model) error {
		for _, id := range slices.Sorted(maps.Keys(m.Routes)) {
			if m.Routes[id].RouteTableID == table {
				out = append(out, *m.Routes[id])
			}
		}
		return nil
	})
	return out
}

// UpdateRouteTable changes tags.
func (a *Account) UpdateRouteTable(id string, t *RouteTable) error {
	return routeTables.update(a, id, t, func(_ *model, cur *RouteTable) error {
		t.ID, t.VPCID, t.Main, t.routeTableComputed = id, cur.VPCID, cur.Main, cur.routeTableComputed
		return t.settle()
	})
}

// DeleteRouteTable takes its associations and routes along, as the provider
// does for a deployment. A VPC's main table goes with its VPC only.
func (a *Account) DeleteRouteTable(id string) error {
	return routeTables.remove(a, id, func(m *model, t *RouteTable) error {
		if t.Main {
			return refuse("DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", id)
		}
		for _, e := range m.Endpoints {
			e.RouteTableIDs = slices.DeleteFunc(slices.Clone(e.RouteTableIDs), func(t string) bool { return t == id })
		}
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
