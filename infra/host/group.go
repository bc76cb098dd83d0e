package host

import (
	"encoding/base64"
	"errors"
	"maps"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/autoscaling"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

// PeerPort is where the allocators of a group forward to each other what another
// one holds the tunnel of.
const PeerPort = 8443

// Group is several allocators behind a balancer. A release reaches them as it
// reaches one host: they follow the pointer. What is changed in the launch
// template is for hosts that start from then on.
type Group struct {
	pulumi.ResourceState

	// Name is the auto scaling group's name.
	Name pulumi.StringOutput `pulumi:"groupName"`
}

// GroupArgs says what the hosts are and what they may do.
type GroupArgs struct {
	Namer naming.Namer
	// InstanceType and Image fit each other's architecture. Required.
	InstanceType string
	Image        image.Image
	// Count is how many hosts there are, two or more. Required.
	Count int
	// SubnetIDs are what they are spread over. Required.
	SubnetIDs pulumi.StringArrayInput
	// SecurityGroup is the allocator's group. Required.
	SecurityGroup pulumi.StringInput
	// TargetGroups are the ARNs of the balancer's target groups. Required.
	TargetGroups []pulumi.StringInput
	// Bucket is the artifact bucket; Pointer the path of the release pointer. Required.
	Bucket, Pointer string
	// Permissions is the policy document of the hosts' role, Boundary the ARN of the
	// policy that bounds it. Required.
	Permissions, Boundary pulumi.StringInput
	// After must exist before the hosts boot: the release above all.
	After []pulumi.Resource
}

// NewGroup declares the hosts.
func NewGroup(ctx *pulumi.Context, name string, args *GroupArgs, opts ...pulumi.ResourceOption) (*Group, error) {
	if args == nil || args.InstanceType == "" || args.Image.ID == "" || args.Image.RootDevice == "" || args.Count < 2 || args.SubnetIDs == nil ||
		args.SecurityGroup == nil || len(args.TargetGroups) == 0 || args.Bucket == "" || args.Pointer == "" || args.Permissions == nil || args.Boundary == nil {
		return nil, errors.New("host: InstanceType, Image, a Count of two, SubnetIDs, SecurityGroup, TargetGroups, Bucket, Pointer, Permissions and Boundary are required")
	}
	g := &Group{}
	if err := ctx.RegisterComponentResource("lablink:host:Group", name, g, opts...); err != nil {
		return nil, err
	}
	profile, granted, err := declareRole(ctx, name, g, args.Namer, args.Permissions, args.Boundary)
	if err != nil {
		return nil, err
	}
	template, err := g.declareTemplate(ctx, name, args, profile.Name)
	if err != nil {
		return nil, err
	}
	peers, err := g.declarePeers(ctx, name, args)
	if err != nil {
		return nil, err
	}
	groupName := args.Namer.Name("allocator", naming.MaxScalingGroup)
	group, err := autoscaling.NewGroup(ctx, name+"-instances", &autoscaling.GroupArgs{
		Name: pulumi.String(groupName), MinSize: pulumi.Int(args.Count), MaxSize: pulumi.Int(args.Count), DesiredCapacity: pulumi.Int(args.Count),
		VpcZoneIdentifiers: args.SubnetIDs, TargetGroupArns: pulumi.StringArray(args.TargetGroups),
		// Instances that are impaired are replaced. Whether a host is ready decides what
		// the balancer sends it and no more: by that, a database that is away would end
		// every host.
		HealthCheckType: pulumi.String("EC2"),
		LaunchTemplate:  autoscaling.GroupLaunchTemplateArgs{Id: template.ID(), Version: pulumi.String("$Latest")},
		Tags:            groupTags(args.Namer, groupName),
	}, pulumi.Parent(g), pulumi.DependsOn(slices.Concat(args.After, []pulumi.Resource{granted, peers})))
	if err != nil {
		return nil, err
	}
	g.Name = group.Name
	return g, ctx.RegisterResourceOutputs(g, pulumi.Map{"groupName": g.Name})
}

// declarePeers lets the hosts of the group in to each other.
func (g *Group) declarePeers(ctx *pulumi.Context, name string, args *GroupArgs) (pulumi.Resource, error) {
	return vpc.NewSecurityGroupIngressRule(ctx, name+"-peers", &vpc.SecurityGroupIngressRuleArgs{
		SecurityGroupId: args.SecurityGroup, ReferencedSecurityGroupId: args.SecurityGroup, IpProtocol: pulumi.String("tcp"),
		FromPort: pulumi.Int(PeerPort), ToPort: pulumi.Int(PeerPort), Description: pulumi.String("the other allocators"),
		Tags: args.Namer.Tags(component, args.Namer.Name("peers", 255)),
	}, pulumi.Parent(g))
}

func (g *Group) declareTemplate(ctx *pulumi.Context, name string, args *GroupArgs, profile pulumi.StringInput) (*ec2.LaunchTemplate, error) {
	script, err := userData(args.Namer, args.Pointer, args.Bucket)
	if err != nil {
		return nil, err
	}
	templateName := args.Namer.Name("allocator", naming.MaxLaunchTemplate)
	tags := args.Namer.Tags(component, templateName)
	return ec2.NewLaunchTemplate(ctx, name+"-template", &ec2.LaunchTemplateArgs{
		Name: pulumi.String(templateName), Tags: tags, UpdateDefaultVersion: pulumi.Bool(true),
		ImageId: pulumi.String(args.Image.ID), InstanceType: pulumi.String(args.InstanceType),
		IamInstanceProfile: ec2.LaunchTemplateIamInstanceProfileArgs{Name: profile},
		UserData:           pulumi.String(base64.StdEncoding.EncodeToString([]byte(script))),
		MetadataOptions: ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"), HttpPutResponseHopLimit: pulumi.Int(1),
		},
		// The subnets are public, as people's balancer stands in them.
		NetworkInterfaces: ec2.LaunchTemplateNetworkInterfaceArray{ec2.LaunchTemplateNetworkInterfaceArgs{
			DeviceIndex: pulumi.Int(0), DeleteOnTermination: pulumi.String("true"), AssociatePublicIpAddress: pulumi.String("true"),
			SecurityGroups: pulumi.StringArray{args.SecurityGroup},
		}},
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{ec2.LaunchTemplateBlockDeviceMappingArgs{
			DeviceName: pulumi.String(args.Image.RootDevice), Ebs: ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
				VolumeSize: pulumi.Int(RootVolumeGiB), VolumeType: pulumi.String("gp3"),
				Encrypted: pulumi.String("true"), DeleteOnTermination: pulumi.String("true"),
			},
		}},
		TagSpecifications: ec2.LaunchTemplateTagSpecificationArray{
			ec2.LaunchTemplateTagSpecificationArgs{ResourceType: pulumi.String("instance"), Tags: tags},
			ec2.LaunchTemplateTagSpecificationArgs{ResourceType: pulumi.String("volume"), Tags: tags},
		},
	}, pulumi.Parent(g))
}

// groupTags are the group's own tags: instances have those of the template.
func groupTags(n naming.Namer, name string) autoscaling.GroupTagArray {
	tags := n.PlainTags(component)
	tags["Name"] = name
	var out autoscaling.GroupTagArray
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		out = append(out, autoscaling.GroupTagArgs{Key: pulumi.String(key), Value: pulumi.String(tags[key]), PropagateAtLaunch: pulumi.Bool(false)})
	}
	return out
}
