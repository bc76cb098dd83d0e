package pool

import (
	"encoding/base64"
	"errors"
	"strconv"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/image"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/userdata"
)

const component = "pool"

// Pool is one kind of client machine.
type Pool struct {
	pulumi.ResourceState

	// LaunchTemplateID is the launch template's id, known once machines that are
	// launched from it can do their work.
	LaunchTemplateID pulumi.StringOutput `pulumi:"launchTemplateId"`
}

// PoolArgs says what the machines are like.
type PoolArgs struct {
	Namer naming.Namer
	// Pool is the pool's name. Required.
	Pool string
	// InstanceTypes are in order of preference; Image fits them, and has a root
	// device to boot from. Required.
	InstanceTypes []string
	Image         image.Image
	// SecurityGroup is the clients' group. Required.
	SecurityGroup pulumi.StringInput
	// RootVolumeGiB is the size of a machine's disk, in GiB. Required.
	RootVolumeGiB int
	// Bucket is the artifact bucket; Pointer the path of the release pointer. Required.
	Bucket, Pointer string
	// Permissions is the policy document of the machines' role, Boundary the ARN of
	// the policy that bounds it. Required.
	Permissions policy.Document
	Boundary    pulumi.StringInput
	// AgentURL is where agents reach the allocator; TLSName is the name that its
	// certificate must hold, when AgentURL is an address. AgentURL is required.
	AgentURL pulumi.StringInput
	TLSName  string
	// Trust is the certificate, in PEM, that agents trust in place of the system's
	// authorities. Optional.
	Trust pulumi.StringInput
	// Public says whether machines get public addresses. Optional: their subnets
	// decide.
	Public *bool
	// Audience is whom agents prove themselves to. Required.
	Audience string
	// Desktop is what participants see of the machines: none, vnc, container or crd. Optional: none.
	Desktop string
	// After must exist before machines are launched: routes and rules.
	After []pulumi.Resource
}

// RoleName is the name of a pool's role.
func RoleName(n naming.Namer, pool string) string { return n.IAM("client-"+pool, naming.MaxRole) }

// NewPool declares the pool.
func NewPool(ctx *pulumi.Context, name string, args *PoolArgs, opts ...pulumi.ResourceOption) (*Pool, error) {
	if args == nil || args.Pool == "" || len(args.InstanceTypes) == 0 || args.Image.ID == "" || args.Image.RootDevice == "" || args.SecurityGroup == nil ||
		args.RootVolumeGiB == 0 || args.Bucket == "" || args.Pointer == "" || args.AgentURL == nil || args.Audience == "" || args.Boundary == nil {
		return nil, errors.New("pool: Pool, InstanceTypes, Image, SecurityGroup, RootVolumeGiB, Bucket, Pointer, AgentURL, Audience and Boundary are required")
	}
	p := &Pool{}
	if err := ctx.RegisterComponentResource("lablink:pool:Pool", name, p, opts...); err != nil {
		return nil, err
	}
	profile, granted, err := p.declareRole(ctx, name, args)
	if err != nil {
		return nil, err
	}
	template, err := p.declareTemplate(ctx, name, args, profile)
	if err != nil {
		return nil, err
	}
	p.LaunchTemplateID = pulumi.All(template.ID(), granted.ID()).ApplyT(func(all []any) string {
		return string(all[0].(pulumi.ID))
	}).(pulumi.StringOutput)
	return p, ctx.RegisterResourceOutputs(p, pulumi.Map{"launchTemplateId": p.LaunchTemplateID})
}

func (p *Pool) declareRole(ctx *pulumi.Context, name string, args *PoolArgs) (*iam.InstanceProfile, *iam.RolePolicy, error) {
	trust, err := policy.TrustService("ec2.amazonaws.com").JSON()
	if err != nil {
		return nil, nil, err
	}
	permissions, err := args.Permissions.JSON()
	if err != nil {
		return nil, nil, err
	}
	roleName := RoleName(args.Namer, args.Pool)
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name: pulumi.String(roleName), AssumeRolePolicy: pulumi.String(trust), Path: pulumi.String(args.Namer.IAMPath()),
		Description: pulumi.String("What the machines of pool " + args.Pool + " may do"), Tags: args.tags(roleName),
		PermissionsBoundary: args.Boundary.ToStringOutput(),
	}, pulumi.Parent(p))
	if err != nil {
		return nil, nil, err
	}
	granted, err := iam.NewRolePolicy(ctx, name+"-permissions", &iam.RolePolicyArgs{
		Name: pulumi.String("client"), Role: role.Name, Policy: pulumi.String(permissions),
	}, pulumi.Parent(p))
	if err != nil {
		return nil, nil, err
	}
	profileName := args.Namer.IAM("client-"+args.Pool, naming.MaxProfile)
	profile, err := iam.NewInstanceProfile(ctx, name+"-profile", &iam.InstanceProfileArgs{
		Name: pulumi.String(profileName), Path: pulumi.String(args.Namer.IAMPath()), Role: role.Name, Tags: args.tags(profileName),
	}, pulumi.Parent(p))
	return profile, granted, err
}

func (p *Pool) declareTemplate(ctx *pulumi.Context, name string, args *PoolArgs, profile *iam.InstanceProfile) (*ec2.LaunchTemplate, error) {
	script := args.userData()
	iface := ec2.LaunchTemplateNetworkInterfaceArgs{
		DeviceIndex: pulumi.Int(0), DeleteOnTermination: pulumi.String("true"), SecurityGroups: pulumi.StringArray{args.SecurityGroup},
	}
	if args.Public != nil {
		iface.AssociatePublicIpAddress = pulumi.String(strconv.FormatBool(*args.Public))
	}
	templateName := args.Namer.Name("client-"+args.Pool, naming.MaxLaunchTemplate)
	return ec2.NewLaunchTemplate(ctx, name+"-template", &ec2.LaunchTemplateArgs{
		Name: pulumi.String(templateName), Tags: args.tags(templateName), UpdateDefaultVersion: pulumi.Bool(true),
		ImageId: pulumi.String(args.Image.ID), InstanceType: pulumi.String(args.InstanceTypes[0]),
		IamInstanceProfile: ec2.LaunchTemplateIamInstanceProfileArgs{Name: profile.Name},
		UserData:           script,
		MetadataOptions: ec2.LaunchTemplateMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"), HttpPutResponseHopLimit: pulumi.Int(1),
		},
		NetworkInterfaces: ec2.LaunchTemplateNetworkInterfaceArray{iface},
		BlockDeviceMappings: ec2.LaunchTemplateBlockDeviceMappingArray{ec2.LaunchTemplateBlockDeviceMappingArgs{
			DeviceName: pulumi.String(args.Image.RootDevice), Ebs: ec2.LaunchTemplateBlockDeviceMappingEbsArgs{
				VolumeSize: pulumi.Int(args.RootVolumeGiB), VolumeType: pulumi.String("gp3"),
				Encrypted: pulumi.String("true"), DeleteOnTermination: pulumi.String("true"),
			},
		}},
		TagSpecifications: ec2.LaunchTemplateTagSpecificationArray{
			ec2.LaunchTemplateTagSpecificationArgs{ResourceType: pulumi.String("instance"), Tags: args.machineTags()},
			ec2.LaunchTemplateTagSpecificationArgs{ResourceType: pulumi.String("volume"), Tags: args.machineTags()},
		},
	}, pulumi.Parent(p), pulumi.DependsOn(args.After))
}

// userData is the script with which machines boot, in base64.
func (args *PoolArgs) userData() pulumi.StringOutput {
	trust := args.Trust
	if trust == nil {
		trust = pulumi.String("")
	}
	return pulumi.All(args.AgentURL, trust).ApplyT(func(all []any) (string, error) {
		return args.script(all[0].(string), all[1].(string))
	}).(pulumi.StringOutput)
}

// script is the user data of machines whose agents reach the allocator at url and
// trust a certificate, in base64.
func (args *PoolArgs) script(url, trust string) (string, error) {
	bootstrap := []string{"--region", args.Namer.Region, "--bucket", args.Bucket, "--allocator-url", url, "--audience", args.Audience}
	if args.TLSName != "" {
		bootstrap = append(bootstrap, "--tls-name", args.TLSName)
	}
	if trust != "" {
		bootstrap = append(bootstrap, "--trust", base64.StdEncoding.EncodeToString([]byte(trust)))
	}
	if args.Desktop != "" && args.Desktop != "none" { // a release before this one knows no other
		bootstrap = append(bootstrap, "--desktop", args.Desktop)
	}
	script, err := userdata.Render(userdata.Args{
		Binary: "lablink-agent", Part: "agent", Region: args.Namer.Region,
		Pointer: args.Pointer, Bucket: args.Bucket, Bootstrap: bootstrap,
	})
	return base64.StdEncoding.EncodeToString([]byte(script)), err
}

func (args *PoolArgs) tags(name string) pulumi.StringMap {
	tags := args.Namer.Tags(component, name)
	tags[naming.TagPool] = pulumi.String(args.Pool)
	return tags
}

// machineTags are the tags of what the allocator launches.
func (args *PoolArgs) machineTags() pulumi.StringMap {
	tags := args.tags(args.Namer.Name("client-"+args.Pool, 255))
	tags[naming.TagComponent], tags[naming.TagManagedBy] = pulumi.String("machine"), pulumi.String("allocator")
	return tags
}
