package network

import (
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// Existing is a VPC that is there, and those of its subnets that are used.
type Existing struct {
	VPCID   string
	Subnets []ExistingSubnet // the host's first
	// ClientsPublic says whether client machines get public addresses; nil where
	// their subnets decide.
	ClientsPublic *bool
}

// ExistingSubnet is a subnet that is there.
type ExistingSubnet struct{ ID, Zone, Cidr string }

// Zones are the zones of the subnets, each once, the host's first.
func (e Existing) Zones() []string {
	var out []string
	for _, s := range e.Subnets {
		if !slices.Contains(out, s.Zone) {
			out = append(out, s.Zone)
		}
	}
	return out
}

const vpcSetting = "lablink:network.vpcId"

// SubnetsSetting lists the subnets of an existing VPC.
const SubnetsSetting = "lablink:network.subnetIds"

// Find looks a VPC and its subnets up. Its errors name the setting and what to do.
func Find(ctx *pulumi.Context, vpcID string, subnetIDs []string) (*Existing, error) {
	if _, err := ec2.LookupVpc(ctx, &ec2.LookupVpcArgs{Id: &vpcID}); err != nil {
		return nil, fmt.Errorf("%s: %s is not to be found with these credentials in this Region: choose one of aws ec2 describe-vpcs, or remove vpcId and subnetIds for a VPC of its own: %w", vpcSetting, vpcID, err)
	}
	out := &Existing{VPCID: vpcID}
	var assigns []bool
	for i, id := range subnetIDs {
		s, err := ec2.LookupSubnet(ctx, &ec2.LookupSubnetArgs{Id: &id})
		list := fmt.Sprintf("aws ec2 describe-subnets --filters Name=vpc-id,Values=%s", vpcID)
		switch {
		case err != nil:
			return nil, fmt.Errorf("%s[%d]: %s is not to be found: choose one of %s: %w", SubnetsSetting, i, id, list, err)
		case s.VpcId != vpcID:
			return nil, fmt.Errorf("%s[%d]: %s belongs to %s, not to network.vpcId, %s: choose one of %s", SubnetsSetting, i, id, s.VpcId, vpcID, list)
		case s.CidrBlock == "":
			return nil, fmt.Errorf("%s[%d]: %s has no IPv4 range, which machines need: choose another one of %s", SubnetsSetting, i, id, list)
		}
		out.Subnets = append(out.Subnets, ExistingSubnet{ID: id, Zone: s.AvailabilityZone, Cidr: s.CidrBlock})
		assigns = append(assigns, s.MapPublicIpOnLaunch)
	}
	return out, out.findPublic(ctx, assigns)
}

// CheckZones refuses subnets of one zone for what needs two.
func (e Existing) CheckZones(what string) error {
	if zones := e.Zones(); len(zones) < 2 {
		return fmt.Errorf("%s: all are in %s, but %s needs subnets in two zones: add one of another zone", SubnetsSetting, zones[0], what)
	}
	return nil
}

// use takes a VPC as it is.
func (n *Network) use(e Existing) {
	n.VPCID = pulumi.String(e.VPCID).ToStringOutput()
	for _, s := range e.Subnets {
		n.Subnets = append(n.Subnets, Subnet{ID: pulumi.String(s.ID).ToStringOutput(), Zone: s.Zone})
		n.Cidrs = append(n.Cidrs, s.Cidr)
	}
	n.Clients, n.ClientsPublic = n.Subnets, e.ClientsPublic
}
