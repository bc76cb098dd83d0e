package network

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

const component = "network"

// Network is a VPC with its subnets and security groups.
type Network struct {
	pulumi.ResourceState

	// VPCID is the VPC's id.
	VPCID pulumi.StringOutput `pulumi:"vpcId"`
	// SubnetIDs are the ids of Subnets, ClientSubnetIDs those of Clients.
	SubnetIDs       pulumi.StringArrayOutput `pulumi:"subnetIds"`
	ClientSubnetIDs pulumi.StringArrayOutput `pulumi:"clientSubnetIds"`
	// AllocatorGroup is the id of the allocator's security group.
	AllocatorGroup pulumi.StringOutput `pulumi:"allocatorSecurityGroupId"`
	// ClientGroup is the id of the clients' security group.
	ClientGroup pulumi.StringOutput `pulumi:"clientSecurityGroupId"`

	// Cidrs are the ranges that hold all of Subnets.
	Cidrs []string
	// Subnets are where the allocator stands, the host's first; Clients where
	// client machines do. Without NAT they are the same.
	Subnets, Clients []Subnet
	// ClientsPublic says whether client machines get public addresses; nil where
	// their subnets decide.
	ClientsPublic *bool
	// Ready are the routes and rules. What uses a subnet or a group depends on
	// them, so that it starts connected. The ids alone do not wait for them: a rule
	// that is added would make every id unknown in a preview.
	Ready []pulumi.Resource
}

// Subnet is a subnet that machines are launched into.
type Subnet struct {
	ID   pulumi.StringOutput
	Zone string
	// Host is the address that the allocator's host has there; "" where AWS chooses.
	Host string
}

// NetworkArgs says what the network is like.
type NetworkArgs struct {
	Namer naming.Namer
	// Existing is a VPC that is there. Optional: one is made, from Cidr and Zones.
	Existing *Existing
	// Cidr is the range of an own VPC, Zones its availability zones, at least two.
	// Required unless Existing is given.
	Cidr  string
	Zones []string
	// NAT puts client machines of an own VPC into subnets behind a NAT gateway.
	NAT bool
	// AllowedCidrs may reach the allocator on 80 and 443. Required, unless Balanced.
	AllowedCidrs []string
	// AgentPort is the port on which clients reach the allocator. Required, unless
	// Balanced.
	AgentPort int
	// Balanced lets nobody in to the allocator: people and clients reach load
	// balancers, which bring their rules along.
	Balanced bool
}

// NewNetwork declares the network.
func NewNetwork(ctx *pulumi.Context, name string, args *NetworkArgs, opts ...pulumi.ResourceOption) (*Network, error) {
	if err := args.check(); err != nil {
		return nil, err
	}
	n := &Network{}
	if err := ctx.RegisterComponentResource("lablink:network:Network", name, n, opts...); err != nil {
		return nil, err
	}
	if args.Existing != nil {
		n.use(*args.Existing)
	} else if err := n.declareVPC(ctx, name, args); err != nil {
		return nil, err
	}
	n.SubnetIDs, n.ClientSubnetIDs = ids(n.Subnets), ids(n.Clients)
	if err := n.declareGroups(ctx, name, args); err != nil {
		return nil, err
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{
		"vpcId": n.VPCID, "subnetIds": n.SubnetIDs, "clientSubnetIds": n.ClientSubnetIDs,
		"allocatorSecurityGroupId": n.AllocatorGroup, "clientSecurityGroupId": n.ClientGroup,
	})
}

func (args *NetworkArgs) check() error {
	if args == nil || !args.Balanced && (len(args.AllowedCidrs) == 0 || args.AgentPort == 0) {
		return errors.New("network: AllowedCidrs and AgentPort are required")
	}
	if e := args.Existing; e != nil {
		if e.VPCID == "" || len(e.Subnets) == 0 || args.NAT || args.Cidr != "" || len(args.Zones) > 0 {
			return errors.New("network: an existing VPC needs its id and a subnet, and no Cidr, Zones and NAT")
		}
		return nil
	}
	if len(args.Zones) < 2 {
		return errors.New("network: two zones are required")
	}
	plan, err := NewPlan(args.Cidr, args.Zones)
	if err == nil && args.NAT && len(plan.Private) < len(plan.Subnets) {
		err = fmt.Errorf("network: only the zones a to h have room for private subnets, not all of %v", args.Zones)
	}
	return err
}

func ids(subnets []Subnet) pulumi.StringArrayOutput {
	out := make(pulumi.StringArray, len(subnets))
	for i, s := range subnets {
		out[i] = s.ID
	}
	return out.ToStringArrayOutput()
}
