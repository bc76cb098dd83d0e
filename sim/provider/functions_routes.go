package provider

import (
	"fmt"
	"maps"
	"slices"
)

// routeTableIDs lists a VPC's main table, or the one that was given to a subnet.
func routeTableIDs(a *account, in values) (values, error) {
	vpc, _ := in["vpcId"].(string)
	subnets, notBySubnet := filtered(in, "association.subnet-id")
	main, notMain := filtered(in, "association.main")
	ids := []string{}
	switch {
	case vpc == "" || len(subnets)+len(main) != 1 || len(main) == 1 && main[0] != "true":
		return nil, fmt.Errorf("InvalidParameterValue: The simulator lists route tables by vpcId and one of the filters association.subnet-id and association.main, not by %v", in)
	case notMain == nil:
		ids = a.RouteTablesOf(vpc, func(_ string, main bool) bool { return main })
	case notBySubnet == nil:
		ids = a.RouteTablesOf(vpc, func(subnet string, _ bool) bool { return subnet == subnets[0] })
	}
	return values{"id": a.Region(), "ids": ids, "vpcId": vpc, "filters": in["filters"]}, nil
}

// routeTable finds one table by its id, with its routes beside the local one.
func routeTable(a *account, in values) (values, error) {
	id, _ := in["routeTableId"].(string)
	if id == "" || len(in) != 1 {
		return nil, fmt.Errorf("the simulator looks up a route table by its id alone, not by %v", slices.Sorted(maps.Keys(in)))
	}
	t, err := a.RouteTable(id)
	if err != nil {
		return nil, fmt.Errorf("query returned no results. Please change your search criteria and try again")
	}
	routes := []values{}
	for _, r := range a.RoutesOf(id) {
		routes = append(routes, values{"cidrBlock": r.DestinationCidrBlock, "gatewayId": r.GatewayID, "natGatewayId": r.NATGatewayID})
	}
	return values{"id": t.ID, "routeTableId": t.ID, "arn": t.ARN, "ownerId": t.OwnerID, "vpcId": t.VPCID, "tags": t.Tags, "routes": routes}, nil
}
