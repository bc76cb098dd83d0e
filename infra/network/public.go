package network

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// findPublic finds out whether machines need public addresses: where a subnet leads
// to an internet gateway, nothing answers a machine that has none. One launch
// template serves all subnets, so that those of both kinds must decide themselves.
func (e *Existing) findPublic(ctx *pulumi.Context, assigns []bool) error {
	leads := make([]bool, len(e.Subnets))
	for i, s := range e.Subnets {
		var err error
		if leads[i], err = leadsToInternetGateway(ctx, e.VPCID, s.ID); err != nil {
			return fmt.Errorf("%s[%d]: find out where %s leads: %w", SubnetsSetting, i, s.ID, err)
		}
	}
	if !slices.Contains(leads, false) {
		e.ClientsPublic = new(true)
		return nil
	}
	for i, s := range e.Subnets {
		if leads[i] && !assigns[i] {
			return fmt.Errorf("%s[%d]: %s leads to an internet gateway but gives machines no public address, without which nothing answers them, while others of the list lead elsewhere: aws ec2 modify-subnet-attribute --subnet-id %[3]s --map-public-ip-on-launch, or list subnets of one kind", SubnetsSetting, i, s.ID)
		}
	}
	return nil
}

// leadsToInternetGateway reads a subnet's own route table, or the VPC's main one
// where it has none.
func leadsToInternetGateway(ctx *pulumi.Context, vpc, subnet string) (bool, error) {
	for _, filter := range []ec2.GetRouteTablesFilter{{Name: "association.subnet-id", Values: []string{subnet}}, {Name: "association.main", Values: []string{"true"}}} {
		tables, err := ec2.GetRouteTables(ctx, &ec2.GetRouteTablesArgs{VpcId: &vpc, Filters: []ec2.GetRouteTablesFilter{filter}})
		if err != nil {
			return false, err
		}
		if len(tables.Ids) == 0 {
			continue
		}
		table, err := ec2.LookupRouteTable(ctx, &ec2.LookupRouteTableArgs{RouteTableId: &tables.Ids[0]})
		if err != nil {
			return false, err
		}
		return slices.ContainsFunc(table.Routes, func(r ec2.GetRouteTableRoute) bool {
			return r.CidrBlock == everywhere && strings.HasPrefix(r.GatewayId, "igw-")
		}), nil
	}
	return false, fmt.Errorf("%s has no main route table", vpc)
}
