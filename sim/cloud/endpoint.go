package cloud

import (
	"slices"
	"strings"
)

// VPCEndpoint is aws:ec2/vpcEndpoint:VpcEndpoint, of the Gateway type.
type VPCEndpoint struct {
	ID              string   `json:"id"`
	VPCID           string   `json:"vpcId"`
	ServiceName     string   `json:"serviceName"`
	VPCEndpointType string   `json:"vpcEndpointType"`
	RouteTableIDs   []string `json:"routeTableIds,omitempty"`
	Tagged
	endpointComputed
}

type endpointComputed struct {
	ARN          string `json:"arn"`
	OwnerID      string `json:"ownerId"`
	State        string `json:"state"`
	PrefixListID string `json:"prefixListId"`
}

// CreateVPCEndpoint makes a gateway endpoint in the given route tables.
func (a *Account) CreateVPCEndpoint(e *VPCEndpoint) error {
	return a.change(func(m *model) error {
		if err := a.checkEndpoint(m, e, ""); err != nil {
			return err
		}
		e.ID = newID("vpce")
		e.endpointComputed = endpointComputed{
			ARN: a.arn("ec2", "vpc-endpoint/"+e.ID), OwnerID: a.opts.AccountID,
			State: "available", PrefixListID: newID("pl"),
		}
		m.Endpoints.keep(e.ID, e)
		return nil
	})
}

func (a *Account) checkEndpoint(m *model, e *VPCEndpoint, self string) error {
	if _, err := vpcs.get(m, e.VPCID); err != nil {
		return err
	}
	if e.VPCEndpointType == "" {
		e.VPCEndpointType = "Gateway"
	}
	if e.VPCEndpointType != "Gateway" {
		return refuse("InvalidParameter", "Endpoint type (%s) is not supported here: only Gateway is modelled", e.VPCEndpointType)
	}
	services := []string{"com.amazonaws." + a.opts.Region + ".s3", "com.amazonaws." + a.opts.Region + ".dynamodb"}
	if !slices.Contains(services, e.ServiceName) {
		return refuse("InvalidServiceName", "The Vpc Endpoint Service '%s' does not exist", e.ServiceName)
	}
	for _, table := range e.RouteTableIDs {
		t, err := routeTables.get(m, table)
		if err != nil {
			return err
		}
		if t.VPCID != e.VPCID {
			return refuse("InvalidParameter", "Route table %s belongs to a different network", table)
		}
		for _, other := range m.Endpoints {
			if other.ID != self && other.ServiceName == e.ServiceName && slices.Contains(other.RouteTableIDs, table) {
				return refuse("RouteAlreadyExists", "route table %s already has a route with destination-prefix-list-id %s", table, other.PrefixListID)
			}
		}
	}
	return e.settle()
}

// VPCEndpoint returns one endpoint.
func (a *Account) VPCEndpoint(id string) (*VPCEndpoint, error) {
	return endpoints.lookup(a, id)
}

// UpdateVPCEndpoint changes tags and route tables.
func (a *Account) UpdateVPCEndpoint(id string, e *VPCEndpoint) error {
	return endpoints.update(a, id, e, func(m *model, cur *VPCEndpoint) error {
		e.ID, e.VPCID, e.ServiceName, e.endpointComputed = id, cur.VPCID, cur.ServiceName, cur.endpointComputed
		if e.RouteTableIDs == nil { // left out: stay
			e.RouteTableIDs = cur.RouteTableIDs
		}
		return a.checkEndpoint(m, e, id)
	})
}

// DeleteVPCEndpoint removes an endpoint; nothing refuses it.
func (a *Account) DeleteVPCEndpoint(id string) error {
	return endpoints.remove(a, id, nil)
}

// service is the short name of an endpoint's service, such as "s3".
func (e *VPCEndpoint) service() string {
	return e.ServiceName[strings.LastIndex(e.ServiceName, ".")+1:]
}
