package host

import (
	"errors"
	"slices"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
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

	// PublicIP is the address under which people reach the allocator.
	PublicIP pulumi.StringOutput `pulumi:"publicIp"`
	// InstanceID is the EC2 instance's id.
	InstanceID pulumi.StringOutput `pulumi:"instanceId"`
}

// HostArgs says what the host is and what it may do.
type HostArgs struct {
	Namer naming.Namer
	// InstanceType and AMI fit each other's architecture. Required.
	InstanceType, AMI string
	// SubnetID and Zone say where it stands; PrivateIP is its fixed address
	// there. Required.
	SubnetID        pulumi.StringInput
	Zone, PrivateIP string
	// SecurityGroup is the allocator's group. Required.
	SecurityGroup pulumi.StringInput
	// DataVolumeGiB is the size of the data volume, in GiB. Required.
	DataVolumeGiB int
	// Bucket is the artifact bucket; Pointer the path of the release pointer. Required.
	Bucket, Pointer string
	// Permissions is the policy document of the host's role, Boundary the ARN of the
	// policy that bounds it. Required.
	Permissions, Boundary pulumi.StringInput
	// Protect keeps volume and address when the stack is destroyed.
	Protect bool
	// After must exist before the host boots: the release above all.
	After []pulumi.Resource
}

// NewHost declares the host.
func NewHost(ctx *pulumi.Context, name string, args *HostArgs, opts ...pulumi.ResourceOption) (*Host, error) {
	if args == nil || args.InstanceType == "" || args.AMI == "" || args.SubnetID == nil || args.Zone == "" || args.PrivateIP == "" ||
		args.SecurityGroup == nil || args.DataVolumeGiB == 0 || args.Bucket == "" || args.Pointer == "" || args.Permissions == nil || args.Boundary == nil {
		return nil, errors.New("host: InstanceType, AMI, SubnetID, Zone, PrivateIP, SecurityGroup, DataVolumeGiB, Bucket, Pointer, Permissions and Boundary are required")
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
	if err := h.declareAddress(ctx, name, args, instance); err != nil {
		return nil, err
	}
	h.InstanceID = instance.ID().ToStringOutput()
	return h, ctx.RegisterResourceOutputs(h, pulumi.Map{"publicIp": h.PublicIP, "instanceId": h.InstanceID})
}

func (h *Host) declareVolume(ctx *pulumi.Context, name string, args *HostArgs) (*ebs.Volume, error) {
	return ebs.NewVolume(ctx, name+"-data", &ebs.VolumeArgs{
		AvailabilityZone: pulumi.String(args.Zone), Size: pulumi.Int(args.DataVolumeGiB),
		Type: pulumi.String("gp3"), Encrypted: pulumi.Bool(true),
		Tags: args.Namer.Tags(component, args.Namer.Name("data", 255)),
	}, pulumi.Parent(h), pulumi.Protect(args.Protect), pulumi.RetainOnDelete(args.Protect))
}

func (h *Host) declareInstance(ctx *pulumi.Context, name string, args *HostArgs, volume *ebs.Volume) (*ec2.Instance, error) {
	profile, granted, err := h.declareRole(ctx, name, args)
	if err != nil {
		return nil, err
	}
	script := volume.ID().ToStringOutput().ApplyT(func(id string) (string, error) {
		return userdata.Render(userdata.Args{
			Binary: "lablink-allocator", Part: "allocator", Region: args.Namer.Region,
			Pointer: args.Pointer, Bucket: args.Bucket,
			Bootstrap: []string{"--region", args.Namer.Region, "--pointer", args.Pointer, "--bucket", args.Bucket, "--volume", id},
		})
	}).(pulumi.StringOutput)
	instance, err := ec2.NewInstance(ctx, name+"-instance", &ec2.InstanceArgs{
		Ami: pulumi.String(args.AMI), InstanceType: pulumi.String(args.InstanceType),
		SubnetId: args.SubnetID, PrivateIp: pulumi.String(args.PrivateIP),
		VpcSecurityGroupIds: pulumi.StringArray{args.SecurityGroup}, IamInstanceProfile: profile.Name,
		UserData: script, UserDataReplaceOnChange: pulumi.Bool(true),
		MetadataOptions: ec2.InstanceMetadataOptionsArgs{
			HttpEndpoint: pulumi.String("enabled"), HttpTokens: pulumi.String("required"), HttpPutResponseHopLimit: pulumi.Int(1),
		},
		RootBlockDevice: ec2.InstanceRootBlockDeviceArgs{
			// Without tags: the provider adds them afterwards, and who may do that may
			// tag, and so take, any volume of the account that has none.
			VolumeSize: pulumi.Int(RootVolumeGiB), VolumeType: pulumi.String("gp3"), Encrypted: pulumi.Bool(true),
		},
		Tags: args.Namer.Tags(component, args.Namer.Name("allocator", 255)),
	}, pulumi.Parent(h), pulumi.DeleteBeforeReplace(true), pulumi.DependsOn(slices.Concat(args.After, []pulumi.Resource{granted})))
	if err != nil {
		return nil, err
	}
	_, err = ec2.NewVolumeAttachment(ctx, name+"-data-attachment", &ec2.VolumeAttachmentArgs{
		DeviceName: pulumi.String("/dev/sdf"), InstanceId: instance.ID(), VolumeId: volume.ID(),
		StopInstanceBeforeDetaching: pulumi.Bool(true),
	}, pulumi.Parent(h), pulumi.DeleteBeforeReplace(true))
	return instance, err
}

func (h *Host) declareAddress(ctx *pulumi.Context, name string, args *HostArgs, instance *ec2.Instance) error {
	eip, err := ec2.NewEip(ctx, name+"-address", &ec2.EipArgs{
		Domain: pulumi.String("vpc"), Tags: args.Namer.Tags(component, args.Namer.Name("address", 255)),
	}, pulumi.Parent(h), pulumi.Protect(args.Protect), pulumi.RetainOnDelete(args.Protect))
	if err != nil {
		return err
	}
	association, err := ec2.NewEipAssociation(ctx, name+"-address-association", &ec2.EipAssociationArgs{
		AllocationId: eip.ID(), InstanceId: instance.ID(),
	}, pulumi.Parent(h), pulumi.DeleteBeforeReplace(true))
	// The address is handed on only when the host answers on it.
	h.PublicIP = pulumi.All(eip.PublicIp, association.ID()).ApplyT(func(all []any) string { return all[0].(string) }).(pulumi.StringOutput)
	return err
}
