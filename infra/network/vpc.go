package network

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// declareVPC declares an own VPC with its subnets and routes.
func (n *Network) declareVPC(ctx *pulumi.Context, name string, args *NetworkArgs) error {
	plan, err := NewPlan(args.Cidr, args.Zones)
	if err != nil {
		return err
	}
	vpc, err := ec2.NewVpc(ctx, name+"-vpc", &ec2.VpcArgs{
		CidrBlock: pulumi.String(args.Cidr), EnableDnsHostnames: pulumi.Bool(true),
		Tags: args.Namer.Tags(component, args.Namer.Name("vpc", 255)),
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	n.VPCID, n.Cidrs = vpc.ID().ToStringOutput(), []string{args.Cidr}
	gateway, err := ec2.NewInternetGateway(ctx, name+"-gateway", &ec2.InternetGatewayArgs{
		VpcId: n.VPCID, Tags: args.Namer.Tags(component, args.Namer.Name("gateway", 255)),
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	table, err := n.declareTable(ctx, name, "", args)
	if err != nil {
		return err
	}
	internet, err := ec2.NewRoute(ctx, name+"-internet", &ec2.RouteArgs{
		RouteTableId: table.ID(), DestinationCidrBlock: pulumi.String(everywhere), GatewayId: gateway.ID(),
	}, pulumi.Parent(n))
	if err != nil {
		return err
	}
	n.Ready = append(n.Ready, internet)
	if n.Subnets, err = n.declareSubnets(ctx, name, "", args, plan.Subnets, table); err != nil {
		return err
	}
	public, tables := !args.NAT, pulumi.StringArray{table.ID()}
	n.Clients, n.ClientsPublic = n.Subnets, &public
	if args.NAT {
		private, err := n.declarePrivate(ctx, name, args, plan, internet)
		if err != nil {
			return err
		}
		tables = append(tables, private.ID())
	}
	return n.declareEndpoint(ctx, name, args, tables)
}

const everywhere = "0.0.0.0/0"

// declarePrivate declares the clients' own subnets, which reach out by one NAT
// gateway in the first zone: it costs for each hour and each byte, S3 apart.
func (n *Network) declarePrivate(ctx *pulumi.Context, name string, args *NetworkArgs, plan Plan, internet pulumi.Resource) (*ec2.RouteTable, error) {
	// Nobody comes in by this address, so that nothing points at it.
	address, err := ec2.NewEip(ctx, name+"-nat-address", &ec2.EipArgs{
		Domain: pulumi.String("vpc"), Tags: args.Namer.Tags(component, args.Namer.Name("nat-address", 255)),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	nat, err := ec2.NewNatGateway(ctx, name+"-nat", &ec2.NatGatewayArgs{
		SubnetId: n.Subnets[0].ID, AllocationId: address.ID(), PrivateIp: pulumi.String(plan.Subnets[0].NAT),
		Tags: args.Namer.Tags(component, args.Namer.Name("nat", 255)),
	}, pulumi.Parent(n), pulumi.DependsOn([]pulumi.Resource{internet}), pulumi.DeleteBeforeReplace(true)) // two cannot have one address
	if err != nil {
		return nil, err
	}
	table, err := n.declareTable(ctx, name, "private-", args)
	if err != nil {
		return nil, err
	}
	out, err := ec2.NewRoute(ctx, name+"-private-internet", &ec2.RouteArgs{
		RouteTableId: table.ID(), DestinationCidrBlock: pulumi.String(everywhere), NatGatewayId: nat.ID(),
	}, pulumi.Parent(n))
	if err != nil {
		return nil, err
	}
	n.Ready = append(n.Ready, out)
	n.Clients, err = n.declareSubnets(ctx, name, "private-", args, plan.Private, table)
	return table, err
}

// declareTable declares a route table; kind is "" for the public one.
func (n *Network) declareTable(ctx *pulumi.Context, name, kind string, args *NetworkArgs) (*ec2.RouteTable, error) {
	return ec2.NewRouteTable(ctx, name+"-"+kind+"routes", &ec2.RouteTableArgs{
		VpcId: n.VPCID, Tags: args.Namer.Tags(component, args.Namer.Name(kind+"routes", 255)),
	}, pulumi.Parent(n))
}

// declareSubnets declares subnets that follow a route table. Machines get public
// addresses in public ones.
func (n *Network) declareSubnets(ctx *pulumi.Context, name, kind string, args *NetworkArgs, plans []SubnetPlan, table *ec2.RouteTable) ([]Subnet, error) {
	var out []Subnet
	for _, s := range plans {
		label := name + "-" + kind + "subnet-" + s.Letter // nobody else's: another zone's is made beside it
		subnet, err := ec2.NewSubnet(ctx, label, &ec2.SubnetArgs{
			VpcId: n.VPCID, CidrBlock: pulumi.String(s.Cidr), AvailabilityZone: pulumi.String(s.Zone),
			MapPublicIpOnLaunch: pulumi.Bool(kind == ""), Tags: args.Namer.Tags(component, args.Namer.Name(kind+"subnet-"+s.Zone, 255)),
		}, pulumi.Parent(n))
		if err != nil {
			return nil, err
		}
		association, err := ec2.NewRouteTableAssociation(ctx, label+"-routes", &ec2.RouteTableAssociationArgs{
			SubnetId: subnet.ID(), RouteTableId: table.ID(),
		}, pulumi.Parent(n))
		if err != nil {
			return nil, err
		}
		n.Ready = append(n.Ready, association)
		out = append(out, Subnet{ID: subnet.ID().ToStringOutput(), Zone: s.Zone, Host: s.Host})
	}
	return out, nil
}

// declareEndpoint lets all reach S3 without a detour.
func (n *Network) declareEndpoint(ctx *pulumi.Context, name string, args *NetworkArgs, tables pulumi.StringArray) error {
	endpoint, err := ec2.NewVpcEndpoint(ctx, name+"-s3", &ec2.VpcEndpointArgs{
		VpcId: n.VPCID, ServiceName: pulumi.String("com.amazonaws." + args.Namer.Region + ".s3"),
		VpcEndpointType: pulumi.String("Gateway"), RouteTableIds: tables,
		Tags: args.Namer.Tags(component, args.Namer.Name("s3", 255)),
	}, pulumi.Parent(n))
	n.Ready = append(n.Ready, endpoint)
	return err
}
