package network

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

// declareGroups declares the two security groups and their rules.
func (n *Network) declareGroups(ctx *pulumi.Context, name string, args *NetworkArgs) error {
	allocator, err := n.declareGroup(ctx, name+"-allocator", "allocator", "The allocator: people on 80 and 443, clients by their group", args)
	if err != nil {
		return err
	}
	clients, err := n.declareGroup(ctx, name+"-clients", "client", "The client machines: nobody may connect to them", args)
	if err != nil {
		return err
	}
	n.AllocatorGroup, n.ClientGroup = allocator.ID().ToStringOutput(), clients.ID().ToStringOutput()
	if !args.Balanced {
		if err := n.declareWaysIn(ctx, name, args, allocator, clients); err != nil {
			return err
		}
	}
	for _, from := range []struct {
		label string
		group *ec2.SecurityGroup
	}{{"allocator", allocator}, {"clients", clients}} {
		out, err := vpc.NewSecurityGroupEgressRule(ctx, name+"-"+from.label+"-out", &vpc.SecurityGroupEgressRuleArgs{
			SecurityGroupId: from.group.ID(), IpProtocol: pulumi.String("-1"), CidrIpv4: pulumi.String("0.0.0.0/0"),
			Description: pulumi.String("everything out"), Tags: args.Namer.Tags(component, args.Namer.Name(from.label+"-out", 255)),
		}, pulumi.Parent(n))
		if err != nil {
			return err
		}
		n.Ready = append(n.Ready, out)
	}
	return nil
}

// declareWaysIn lets people and clients in to the allocator.
func (n *Network) declareWaysIn(ctx *pulumi.Context, name string, args *NetworkArgs, allocator, clients *ec2.SecurityGroup) error {
	for _, port := range []int{80, 443} {
		for _, cidr := range args.AllowedCidrs {
			// Named by its range, so that another one in the list moves no rule: two
			// rules that swap ranges are one rule too many for EC2 on the way.
			label := fmt.Sprintf("%s-people-%d-%s", name, port, strings.ReplaceAll(cidr, "/", "-"))
			rule, err := vpc.NewSecurityGroupIngressRule(ctx, label, &vpc.SecurityGroupIngressRuleArgs{
				SecurityGroupId: allocator.ID(), IpProtocol: pulumi.String("tcp"), CidrIpv4: pulumi.String(cidr),
				FromPort: pulumi.Int(port), ToPort: pulumi.Int(port), Description: pulumi.String("people"),
				Tags: args.Namer.Tags(component, args.Namer.Name("people", naming.MaxSecurityGroup)),
			}, pulumi.Parent(n))
			if err != nil {
				return err
			}
			n.Ready = append(n.Ready, rule)
		}
	}
	agents, err := vpc.NewSecurityGroupIngressRule(ctx, name+"-agents", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: allocator.ID(), IpProtocol: pulumi.String("tcp"), ReferencedSecurityGroupId: clients.ID(),
		FromPort: pulumi.Int(args.AgentPort), ToPort: pulumi.Int(args.AgentPort), Description: pulumi.String("the agents of client machines"),
		Tags: args.Namer.Tags(component, args.Namer.Name("agents", 255)),
	}, pulumi.Parent(n))
	n.Ready = append(n.Ready, agents)
	return err
}

func (n *Network) declareGroup(ctx *pulumi.Context, label, what, description string, args *NetworkArgs) (*ec2.SecurityGroup, error) {
	group := args.Namer.Name(what, 255)
	return ec2.NewSecurityGroup(ctx, label, &ec2.SecurityGroupArgs{
		Name: pulumi.String(group), Description: pulumi.String(description), VpcId: n.VPCID,
		Tags: args.Namer.Tags(component, group),
	}, pulumi.Parent(n))
}
