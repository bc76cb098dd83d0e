package balancer

import (
	"fmt"
	"strings"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
)

// declareRules lets people, or clients by their group, in to a load balancer, and
// the load balancer to the hosts.
func (b *Balancer) declareRules(ctx *pulumi.Context, label string, args *BalancerArgs, s side, group pulumi.StringInput) error {
	tags := args.Namer.Tags(component, args.Namer.Name("balancer-"+s.what, 255))
	rule := func(name string, in *vpc.SecurityGroupIngressRuleArgs, port int) error {
		in.IpProtocol, in.FromPort, in.ToPort, in.Tags = pulumi.String("tcp"), pulumi.Int(port), pulumi.Int(port), tags
		r, err := vpc.NewSecurityGroupIngressRule(ctx, name, in, pulumi.Parent(b))
		b.Ready = append(b.Ready, r)
		return err
	}
	if s.internal {
		err := rule(label+"-clients", &vpc.SecurityGroupIngressRuleArgs{
			SecurityGroupId: group, ReferencedSecurityGroupId: args.ClientGroup, Description: pulumi.String("the agents of client machines"),
		}, 443)
		if err != nil {
			return err
		}
	} else if err := declarePeople(label, args.AllowedCidrs, group, rule); err != nil {
		return err
	}
	err := rule(label+"-hosts", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: args.AllocatorGroup, ReferencedSecurityGroupId: group, Description: pulumi.String("the load balancer of " + s.what),
	}, HostPort)
	if err != nil {
		return err
	}
	out, err := vpc.NewSecurityGroupEgressRule(ctx, label+"-out", &vpc.SecurityGroupEgressRuleArgs{
		SecurityGroupId: group, ReferencedSecurityGroupId: args.AllocatorGroup, IpProtocol: pulumi.String("tcp"),
		FromPort: pulumi.Int(HostPort), ToPort: pulumi.Int(HostPort), Description: pulumi.String("the hosts"), Tags: tags,
	}, pulumi.Parent(b))
	b.Ready = append(b.Ready, out)
	return err
}

// declarePeople lets ranges in. Rules are named by their range, so that another
// one in the list moves none.
func declarePeople(label string, cidrs []string, group pulumi.StringInput, rule func(string, *vpc.SecurityGroupIngressRuleArgs, int) error) error {
	for _, port := range []int{80, 443} {
		for _, cidr := range cidrs {
			err := rule(fmt.Sprintf("%s-%d-%s", label, port, strings.ReplaceAll(cidr, "/", "-")), &vpc.SecurityGroupIngressRuleArgs{
				SecurityGroupId: group, CidrIpv4: pulumi.String(cidr), Description: pulumi.String("people"),
			}, port)
			if err != nil {
				return err
			}
		}
	}
	return nil
}
