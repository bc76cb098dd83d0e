package provider

import (
	"fmt"
	"maps"
	"slices"
)

// onlyID is the id by which a function looks something up. The simulator models
// no other way.
func onlyID(in values) (string, error) {
	id, _ := in["id"].(string)
	if id == "" || len(in) != 1 {
		return "", fmt.Errorf("the simulator looks this up by its id alone, not by %v", slices.Sorted(maps.Keys(in)))
	}
	return id, nil
}

// oneVPC finds a VPC by its id, or the default one.
func oneVPC(a *account, in values) (values, error) {
	v, err := a.DefaultVPC()
	if in["default"] != true || len(in) != 1 {
		id, wrong := onlyID(in)
		if wrong != nil {
			return nil, wrong
		}
		v, err = a.VPC(id)
	}
	if err != nil {
		return nil, fmt.Errorf("no matching EC2 VPC found")
	}
	return values{
		"id": v.ID, "arn": v.ARN, "cidrBlock": v.CidrBlock, "default": v.Default, "ownerId": v.OwnerID, "state": "available",
		"dhcpOptionsId": v.DHCPOptionsID, "mainRouteTableId": v.MainRouteTableID, "instanceTenancy": v.InstanceTenancy,
		"enableDnsSupport": *v.EnableDNSSupport, "enableDnsHostnames": *v.EnableDNSHostnames, "tags": v.Tags,
	}, nil
}

func subnetByID(a *account, in values) (values, error) {
	id, err := onlyID(in)
	if err != nil {
		return nil, err
	}
	s, err := a.Subnet(id)
	if err != nil {
		return nil, fmt.Errorf("no matching EC2 Subnet found")
	}
	return values{
		"id": s.ID, "arn": s.ARN, "vpcId": s.VPCID, "cidrBlock": s.CidrBlock, "ownerId": s.OwnerID, "state": "available",
		"availabilityZone": s.AvailabilityZone, "availabilityZoneId": s.AvailabilityZoneID,
		"mapPublicIpOnLaunch": *s.MapPublicIPOnLaunch, "tags": s.Tags,
	}, nil
}
