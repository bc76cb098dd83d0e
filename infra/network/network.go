package network

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

const component = "network"

// Network is a VPC with its subnets and security groups.
type Network struct {
	pulumi.ResourceState

	// VPCID is the VPC's id.
	VPCID pulumi.StringOutput `pulumi:"vpcId"`
	// SubnetIDs are the ids of the subnets, one for each zone, in their order.
	SubnetIDs pulumi.StringArrayOutput `pulumi:"subnetIds"`
	// AllocatorGroup is the id of the allocator's security group.
	AllocatorGroup pulumi.StringOutput `pulumi:"allocatorSecurityGroupId"`
	// ClientGroup is the id of the clients' security group.
	ClientGroup pulumi.StringOutput `pulumi:"clientSecurityGroupId"`

	// Cidr is the VPC's range.
	Cidr string
	// Plan says which ranges the subnets have.
	Plan Plan
	// Subnets are the subnets, in the order of Plan.Subnets.
	Subnets []*ec2.Subnet
	// Ready are the routes and rules. What uses a subnet or a group depends on
	// them, so that it starts connected. The ids alone do not wait for them: a rule
	// that is added would make every id unknown in a preview.
	Ready []pulumi.Resource
}

// NetworkArgs says what the network is like.
type NetworkArgs struct {
	Namer naming.Namer
	// Cidr is the VPC's range. Required.
	Cidr string
	// Zones are the availability zones to spread over, at least two. Required.
	Zones []string
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
	if args == nil || len(args.Zones) < 2 || !args.Balanced && (len(args.AllowedCidrs) == 0 || args.AgentPort == 0) {
		return nil, errors.New("network: two zones, AllowedCidrs and AgentPort are required")
	}
	plan, err := NewPlan(args.Cidr, args.Zones)
	if err != nil {
		return nil, err
	}
	n := &Network{Cidr: args.Cidr, Plan: plan}
	if err := ctx.RegisterComponentResource("lablink:network:Network", name, n, opts...); err != nil {
		return nil, err
	}
	vpc, err := n.declareVPC(ctx, name, args)
	if err != nil {
		return nil, err
	}
	n.VPCID = vpc.ID().ToStringOutput()
	if err := n.declareSubnets(ctx, name, args, vpc); err != nil {
		return nil, err
	}
	if err := n.declareGroups(ctx, name, args, vpc); err != nil {
		return nil, err
	}
	return n, ctx.RegisterResourceOutputs(n, pulumi.Map{
		"vpcId": n.VPCID, "subnetIds": n.SubnetIDs,
		"allocatorSecurityGroupId": n.AllocatorGroup, "clientSecurityGroupId": n.ClientGroup,
	})
}

func (n *Network) declareVPC(ctx *pulumi.Context, name string, args *NetworkArgs) (*ec2.Vpc, error) {
	return ec2.NewVpc(ctx, name+"-vpc", &ec2.VpcArgs{
		CidrBlock: pulumi.String(args.Cidr), EnableDnsHostnames: pulumi.Bool(true),
		Tags: args.Namer.Tags(component, args.Namer.Name("vpc", 255)),
	}, pulumi.Parent(n))
}

func (n *Network) declareSubnets(ctx *pulumi.Context, name string, args *NetworkArgs, vpc *ec2.Vpc) error {
	parent, namer := pulumi.Parent(n), args.Namer
	gateway, err := ec2.NewInternetGateway(ctx, name+"-gateway", &ec2.InternetGatewayArgs{
		VpcId: vpc.ID(), Tags: namer.Tags(component, namer.Name("gateway", 255)),
	}, parent)
	if err != nil {
		return err
	}
	table, err := ec2.NewRouteTable(ctx, name+"-routes", &ec2.RouteTableArgs{
		VpcId: vpc.ID(), Tags: namer.Tags(component, namer.Name("routes", 255)),
	}, parent)
	if err != nil {
		return err
	}
	internet, err := ec2.NewRoute(ctx, name+"-internet", &ec2.RouteArgs{
		RouteTableId: table.ID(), DestinationCidrBlock: pulumi.String("0.0.0.0/0"), GatewayId: gateway.ID(),
	}, parent)
	if err != nil {
		return err
	}
	endpoint, err := ec2.NewVpcEndpoint(ctx, name+"-s3", &ec2.VpcEndpointArgs{
		VpcId: vpc.ID(), ServiceName: pulumi.String("com.amazonaws." + namer.Region + ".s3"),
		VpcEndpointType: pulumi.String("Gateway"), RouteTableIds: pulumi.StringArray{table.ID()},
		Tags: namer.Tags(component, namer.Name("s3", 255)),
	}, parent)
	if err != nil {
		return err
	}
	n.Ready = append(n.Ready, internet, endpoint)
	var ids pulumi.StringArray
	for i, s := range n.Plan.Subnets {
		label := fmt.Sprintf("%s-subnet-%d", name, i)
		subnet, err := ec2.NewSubnet(ctx, label, &ec2.SubnetArgs{
			VpcId: vpc.ID(), CidrBlock: pulumi.String(s.Cidr), AvailabilityZone: pulumi.String(s.Zone),
			MapPublicIpOnLaunch: pulumi.Bool(true), Tags: namer.Tags(component, namer.Name("subnet-"+s.Zone, 255)),
		}, parent)
		if err != nil {
			return err
		}
		association, err := ec2.NewRouteTableAssociation(ctx, label+"-routes", &ec2.RouteTableAssociationArgs{
			SubnetId: subnet.ID(), RouteTableId: table.ID(),
		}, parent)
		if err != nil {
			return err
		}
		n.Ready = append(n.Ready, association)
		n.Subnets = append(n.Subnets, subnet)
		ids = append(ids, subnet.ID())
	}
	n.SubnetIDs = ids.ToStringArrayOutput()
	return nil
}
