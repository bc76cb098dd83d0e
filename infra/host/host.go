package host

import (
	"errors"
	"fmt"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/lb"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/userdata"
)

const component = "host"

// RootVolumeGiB is the size of the host's root volume.
const RootVolumeGiB = 16

// Host is the allocator's machine.
type Host struct {
	pulumi.ResourceState

	// PublicIP is the address under which people reach the allocator, unless they
	// come by a balancer.
	PublicIP pulumi.StringOutput `pulumi:"publicIp"`
	// InstanceID is the EC2 instance's id.
	InstanceID pulumi.StringOutput `pulumi:"instanceId"`
}

// HostArgs says what the host is and what it may do.
type HostArgs struct {
	Namer naming.Namer
	// InstanceType and AMI fit each other's architecture. Required.
	InstanceType, AMI string
	// Zone is where its subnet and its volume are. Required.
	Zone string
	// Address is where the host is reached. Required, unless Dynamic is given.
	Address *Address
	// Dynamic gives the host a public address that goes with the instance.
	Dynamic *Dynamic
	// DataVolumeGiB is the size of the data volume, in GiB. Required.
	DataVolumeGiB int
	// Snapshot is what the data volume is made of. Optional: an empty volume, or what
	// it was made of before. Another one replaces it.
	Snapshot string
	// FinalSnapshot leaves a snapshot of a data volume that is deleted.
	FinalSnapshot bool
	// Bucket is the artifact bucket; Pointer the path of the release pointer. Required.
	Bucket, Pointer string
	// Permissions is the policy document of the host's role, Boundary the ARN of the
	// policy that bounds it. Required.
	Permissions, Boundary pulumi.StringInput
	// TargetGroups are the ARNs of a balancer's target groups, by which people and
	// clients come: it has its address to reach out. Optional.
	TargetGroups []pulumi.StringInput
	// Protect keeps the volume when the stack is destroyed.
	Protect bool
	// After must exist before the host boots: the release above all.
	After []pulumi.Resource
}

// Dynamic is a place in a network without an elastic address. EC2 gives a public
// address only to an interface that it makes with the instance, so that there is
// none that stays: the private address is written down instead.
type Dynamic struct {
	// All are required.
	SubnetID, SecurityGroup pulumi.StringInput
	PrivateIP               string
}

func (args *HostArgs) complete() bool {
	if args == nil || args.InstanceType == "" || args.AMI == "" || args.Zone == "" || args.DataVolumeGiB == 0 ||
		args.Bucket == "" || args.Pointer == "" || args.Permissions == nil || args.Boundary == nil || (args.Address == nil) == (args.Dynamic == nil) {
		return false
	}
	d := args.Dynamic
	return d == nil || d.SubnetID != nil && d.SecurityGroup != nil && d.PrivateIP != ""
}

// NewHost declares the host.
func NewHost(ctx *pulumi.Context, name string, args *HostArgs, opts ...pulumi.ResourceOption) (*Host, error) {
	if !args.complete() {
		return nil, errors.New("host: InstanceType, AMI, Zone, Address or Dynamic, DataVolumeGiB, Bucket, Pointer, Permissions and Boundary are required")
	}
	h := &Host{}
	if err := ctx.RegisterComponentResource("lablink:host:Host", name, h, opts...); err != nil {
		return nil, err
	}
	volume, err := h.declareVolume(ctx, name, args)
	if err != nil {
		return nil, err
	}
	instance, err := h.declareInstance(ctx, name, args, volume)
	if err != nil {
		return nil, err
	}
	h.InstanceID, h.PublicIP = instance.ID().ToStringOutput(), instance.PublicIp
	if args.Address != nil {
		h.PublicIP = args.Address.PublicIP
	}
	if err := h.declareTargets(ctx, name, args, instance); err != nil {
		return nil, err
	}
	return h, ctx.RegisterResourceOutputs(h, pulumi.Map{"publicIp": h.PublicIP, "instanceId": h.InstanceID})
}

func (h *Host) declareVolume(ctx *pulumi.Context, name string, args *HostArgs) (*ebs.Volume, error) {
	tags := args.Namer.Tags(component, args.Namer.Name("data", 255))
	for key, value := range args.Namer.DataTag() { // snapshots are taken of what has it
		tags[key] = pulumi.String(value)
	}
	inputs := &ebs.VolumeArgs{
		AvailabilityZone: pulumi.String(args.Zone), Size: pulumi.Int(args.DataVolumeGiB), FinalSnapshot: pulumi.Bool(args.FinalSnapshot),
		Type: pulumi.String("gp3"), Encrypted: pulumi.Bool(true), Tags: tags,
	}
	if args.Snapshot != "" {
		inputs.SnapshotId = pulumi.String(args.Snapshot)
	}
	// A final snapshot is waited for: a large one takes its time.
	return ebs.NewVolume(ctx, name+"-data", inputs, pulumi.Parent(h), pulumi.Protect(args.Protect), pulumi.RetainOnDelete(args.Protect),
		pulumi.Timeouts(&pulumi.CustomTimeouts{Delete: "1h"}))
}

func (h *Host) declareInstance(ctx *pulumi.Context, name string, args *HostArgs, volume *ebs.Volume) (*ec2.Instance, error) {
	profile, granted, err := declareRole(ctx, name, h, args.Namer, args.Permissions, args.Boundary)
	if err != nil {
		return nil, err
	}
	script := volume.ID().ToStringOutput().ApplyT(func(id string) (string, error) {
		return userData(args.Namer, args.Pointer, args.Bucket, "--volume", id)
	}).(pulumi.StringOutput)
	inputs := &ec2.InstanceArgs{
		Ami: pulumi.String(args.AMI), InstanceType: pulumi.String(args.InstanceType), IamInstanceProfile: profile.Name,
		UserData: script, UserDataReplaceOnChange: pulumi.Bool(true),
		MetadataOptions: ec2.InstanceMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"), HttpPutResponseHopLimit: pulumi.Int(1),
		},
		RootBlockDevice: ec2.InstanceRootBlockDeviceArgs{
			VolumeSize: pulumi.Int(RootVolumeGiB), VolumeType: pulumi.String("gp3"), Encrypted: pulumi.Bool(true),
		},
		// Not in rootBlockDevice: the provider adds those afterwards, and who may do
		// that may tag, and so take, any volume of the account that has none. These
		// are given at launch. What is read back are also the data volume's, which the
		// provider would write over: hence they are never changed.
		VolumeTags: args.Namer.Tags(component, args.Namer.Name("root", 255)),
		Tags:       args.Namer.Tags(component, args.Namer.Name("allocator", 255)),
	}
	if d := args.Dynamic; d != nil {
		inputs.SubnetId, inputs.PrivateIp, inputs.AssociatePublicIpAddress = d.SubnetID, pulumi.String(d.PrivateIP), pulumi.Bool(true)
		inputs.VpcSecurityGroupIds = pulumi.StringArray{d.SecurityGroup}
	} else {
		inputs.NetworkInterfaces = ec2.InstanceNetworkInterfaceArray{ec2.InstanceNetworkInterfaceArgs{
			DeviceIndex: pulumi.Int(0), NetworkInterfaceId: args.Address.InterfaceID,
		}}
	}
	instance, err := ec2.NewInstance(ctx, name+"-instance", inputs, pulumi.Parent(h), pulumi.DeleteBeforeReplace(true),
		pulumi.IgnoreChanges([]string{"volumeTags"}), pulumi.DependsOn(slices.Concat(args.After, []pulumi.Resource{granted})))
	if err != nil {
		return nil, err
	}
	_, err = ec2.NewVolumeAttachment(ctx, name+"-data-attachment", &ec2.VolumeAttachmentArgs{
		DeviceName: pulumi.String("/dev/sdf"), InstanceId: instance.ID(), VolumeId: volume.ID(),
		StopInstanceBeforeDetaching: pulumi.Bool(true),
	}, pulumi.Parent(h), pulumi.DeleteBeforeReplace(true))
	return instance, err
}

// userData is the script that makes an instance a host.
func userData(n naming.Namer, pointer, bucket string, more ...string) (string, error) {
	return userdata.Render(userdata.Args{
		Binary: "lablink-allocator", Part: "allocator", Region: n.Region, Pointer: pointer, Bucket: bucket,
		Bootstrap: append([]string{"--region", n.Region, "--pointer", pointer, "--bucket", bucket}, more...),
	})
}

// declareTargets makes the host a target of a balancer.
func (h *Host) declareTargets(ctx *pulumi.Context, name string, args *HostArgs, instance *ec2.Instance) error {
	for i, group := range args.TargetGroups {
		_, err := lb.NewTargetGroupAttachment(ctx, fmt.Sprintf("%s-target-%d", name, i), &lb.TargetGroupAttachmentArgs{
			TargetGroupArn: group, TargetId: instance.ID(),
		}, pulumi.Parent(h), pulumi.DeleteBeforeReplace(true))
		if err != nil {
			return err
		}
	}
	return nil
}
