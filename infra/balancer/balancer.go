package balancer

import (
	"errors"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

const (
	component = "balancer"
	// TLSPolicy lets in TLS 1.2 with forward secrecy, and TLS 1.3.
	TLSPolicy = "ELBSecurityPolicy-TLS13-1-2-2021-06"
	// idleSeconds is how long a connection may say nothing; the longest that AWS
	// takes. Desktops and tunnels are connections that are open for hours.
	idleSeconds = 4000
	// AddressHeader is where an application load balancer adds the address of whom
	// it passes on.
	AddressHeader = "X-Forwarded-For"
	// HostPort is where the allocator's hosts answer.
	HostPort = 80
)

// Balancer is the pair of load balancers.
type Balancer struct {
	pulumi.ResourceState

	// DNSName is the name of people's load balancer; ZoneID the hosted zone of
	// that name, for an alias.
	DNSName pulumi.StringOutput `pulumi:"dnsName"`
	ZoneID  pulumi.StringOutput `pulumi:"zoneId"`
	// AgentURL is where agents reach the allocator. The certificate does not hold
	// this name, but the domain.
	AgentURL pulumi.StringOutput `pulumi:"agentUrl"`

	// People and Agents are the two, as CloudWatch knows them.
	People, Agents Watched
	// TargetGroups are the ARNs of the groups that every host belongs to.
	TargetGroups []pulumi.StringInput
	// Ready are the listeners and rules: what dials the allocator starts after them.
	Ready []pulumi.Resource
}

// Watched are a load balancer and its target group by the last parts of their ARNs.
type Watched struct{ LoadBalancer, Hosts pulumi.StringOutput }

// BalancerArgs says where the load balancers stand and whom they let in.
type BalancerArgs struct {
	Namer naming.Namer
	// VPCID is the network's VPC, SubnetIDs subnets in two zones or more. Required.
	VPCID     pulumi.StringInput
	SubnetIDs pulumi.StringArrayInput
	// AllocatorGroup and ClientGroup are the security groups of the hosts and of
	// the client machines. Required.
	AllocatorGroup, ClientGroup pulumi.StringInput
	// AllowedCidrs may reach people's load balancer. Required.
	AllowedCidrs []string
	// CertificateARN is a certificate of ACM. Required.
	CertificateARN pulumi.StringInput
	// Protect keeps the load balancers, whose names others point at. They are not
	// left where they are by a destroy: their network could not go.
	Protect bool
	// After must exist first: the way to the internet.
	After []pulumi.Resource
}

// NewBalancer declares the load balancers.
func NewBalancer(ctx *pulumi.Context, name string, args *BalancerArgs, opts ...pulumi.ResourceOption) (*Balancer, error) {
	if args == nil || args.VPCID == nil || args.SubnetIDs == nil || args.AllocatorGroup == nil || args.ClientGroup == nil ||
		len(args.AllowedCidrs) == 0 || args.CertificateARN == nil {
		return nil, errors.New("balancer: VPCID, SubnetIDs, AllocatorGroup, ClientGroup, AllowedCidrs and CertificateARN are required")
	}
	b := &Balancer{}
	if err := ctx.RegisterComponentResource("lablink:balancer:Balancer", name, b, opts...); err != nil {
		return nil, err
	}
	people, hosts, err := b.declareSide(ctx, name, args, side{what: "people"})
	if err != nil {
		return nil, err
	}
	agents, agentHosts, err := b.declareSide(ctx, name, args, side{what: "agents", internal: true})
	if err != nil {
		return nil, err
	}
	if err := b.declareRedirect(ctx, name+"-people", args, people); err != nil {
		return nil, err
	}
	b.DNSName, b.ZoneID = people.DnsName, people.ZoneId
	b.People, b.Agents = Watched{people.ArnSuffix, hosts.ArnSuffix}, Watched{agents.ArnSuffix, agentHosts.ArnSuffix}
	b.AgentURL = pulumi.Sprintf("https://%s", agents.DnsName)
	return b, ctx.RegisterResourceOutputs(b, pulumi.Map{"dnsName": b.DNSName, "zoneId": b.ZoneID, "agentUrl": b.AgentURL})
}

// side is one of the two load balancers.
type side struct {
	what     string
	internal bool
}

// declareSide declares a load balancer that forwards to hosts of its target group.
func (b *Balancer) declareSide(ctx *pulumi.Context, name string, args *BalancerArgs, s side) (*lb.LoadBalancer, *lb.TargetGroup, error) {
	label := name + "-" + s.what
	group, err := b.declareGroup(ctx, label, args, s)
	if err != nil {
		return nil, nil, err
	}
	balancerName := args.Namer.LoadBalancer(s.what)
	balancer, err := lb.NewLoadBalancer(ctx, label, &lb.LoadBalancerArgs{
		Name: pulumi.String(balancerName), LoadBalancerType: pulumi.String("application"), Internal: pulumi.Bool(s.internal),
		Subnets: args.SubnetIDs, SecurityGroups: pulumi.StringArray{group.ID()}, IdleTimeout: pulumi.Int(idleSeconds),
		DropInvalidHeaderFields: pulumi.Bool(true), EnableDeletionProtection: pulumi.Bool(args.Protect),
		Tags: args.Namer.Tags(component, balancerName),
	}, pulumi.Parent(b), pulumi.DependsOn(args.After), pulumi.Protect(args.Protect))
	if err != nil {
		return nil, nil, err
	}
	targets, err := b.declareTargets(ctx, label, args, s)
	if err != nil {
		return nil, nil, err
	}
	listener, err := lb.NewListener(ctx, label+"-https", &lb.ListenerArgs{
		LoadBalancerArn: balancer.Arn, Port: pulumi.Int(443), Protocol: pulumi.String("HTTPS"),
		SslPolicy: pulumi.String(TLSPolicy), CertificateArn: args.CertificateARN,
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("forward"), TargetGroupArn: targets.Arn,
		}},
		Tags: args.Namer.Tags(component, balancerName),
	}, pulumi.Parent(b))
	if err != nil {
		return nil, nil, err
	}
	b.TargetGroups, b.Ready = append(b.TargetGroups, targets.Arn), append(b.Ready, listener)
	return balancer, targets, nil
}

func (b *Balancer) declareTargets(ctx *pulumi.Context, label string, args *BalancerArgs, s side) (*lb.TargetGroup, error) {
	name := args.Namer.LoadBalancer(s.what + "-hosts")
	return lb.NewTargetGroup(ctx, label+"-targets", &lb.TargetGroupArgs{
		Name: pulumi.String(name), Port: pulumi.Int(HostPort), Protocol: pulumi.String("HTTP"), TargetType: pulumi.String("instance"),
		VpcId: args.VPCID, DeregistrationDelay: pulumi.Int(30),
		// A host that is not ready for a quarter of a minute is left out; a restart for
		// a new release is shorter.
		HealthCheck: lb.TargetGroupHealthCheckArgs{
			Path: pulumi.String("/readyz"), Protocol: pulumi.String("HTTP"), Matcher: pulumi.String("200"),
			Interval: pulumi.Int(5), Timeout: pulumi.Int(4), HealthyThreshold: pulumi.Int(2), UnhealthyThreshold: pulumi.Int(3),
		},
		Tags: args.Namer.Tags(component, name),
	}, pulumi.Parent(b))
}

// declareRedirect sends who comes without TLS to 443.
func (b *Balancer) declareRedirect(ctx *pulumi.Context, label string, args *BalancerArgs, people *lb.LoadBalancer) error {
	listener, err := lb.NewListener(ctx, label+"-http", &lb.ListenerArgs{
		LoadBalancerArn: people.Arn, Port: pulumi.Int(80), Protocol: pulumi.String("HTTP"),
		DefaultActions: lb.ListenerDefaultActionArray{lb.ListenerDefaultActionArgs{
			Type: pulumi.String("redirect"), Redirect: lb.ListenerDefaultActionRedirectArgs{
				Protocol: pulumi.String("HTTPS"), Port: pulumi.String("443"), StatusCode: pulumi.String("HTTP_301"),
			},
		}},
		Tags: args.Namer.Tags(component, args.Namer.LoadBalancer("people")),
	}, pulumi.Parent(b))
	b.Ready = append(b.Ready, listener)
	return err
}

// declareGroup declares the security group of a load balancer, the rules of who
// reaches it, and the pair of rules by which it reaches the hosts.
func (b *Balancer) declareGroup(ctx *pulumi.Context, label string, args *BalancerArgs, s side) (*ec2.SecurityGroup, error) {
	name := args.Namer.Name("balancer-"+s.what, naming.MaxSecurityGroup)
	description := "The load balancer of people"
	if s.internal {
		description = "The load balancer of the agents of client machines"
	}
	group, err := ec2.NewSecurityGroup(ctx, label+"-group", &ec2.SecurityGroupArgs{
		Name: pulumi.String(name), Description: pulumi.String(description), VpcId: args.VPCID, Tags: args.Namer.Tags(component, name),
	}, pulumi.Parent(b))
	if err != nil {
		return nil, err
	}
	return group, b.declareRules(ctx, label, args, s, group.ID())
}
