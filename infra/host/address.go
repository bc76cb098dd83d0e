package host

import (
	"errors"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

// Address is where a host is reached, and stays when the host is replaced: an
// interface with its private address and its group, and an elastic address
// that belongs to the interface, not to the instance. People's record and
// clients' settings do not change with the instance.
type Address struct {
	pulumi.ResourceState

	// InterfaceID is the interface's id.
	InterfaceID pulumi.StringOutput `pulumi:"interfaceId"`
	// PrivateIP is the address in the network, PublicIP the one outside.
	PrivateIP pulumi.StringOutput `pulumi:"privateIp"`
	PublicIP  pulumi.StringOutput `pulumi:"publicIp"`
}

// AddressArgs says where it is.
type AddressArgs struct {
	Namer naming.Namer
	// SubnetID is the host's subnet, SecurityGroup the allocator's group. Required.
	SubnetID, SecurityGroup pulumi.StringInput
	// PrivateIP is the address in the subnet. Optional: AWS chooses.
	PrivateIP string
	// Protect keeps the elastic address when the stack is destroyed.
	Protect bool
	// After must exist before an elastic address can be used: the way to the internet.
	After []pulumi.Resource
}

// NewAddress declares the address.
func NewAddress(ctx *pulumi.Context, name string, args *AddressArgs, opts ...pulumi.ResourceOption) (*Address, error) {
	if args == nil || args.SubnetID == nil || args.SecurityGroup == nil {
		return nil, errors.New("address: SubnetID and SecurityGroup are required")
	}
	a := &Address{}
	if err := ctx.RegisterComponentResource("lablink:host:Address", name, a, opts...); err != nil {
		return nil, err
	}
	inputs := &ec2.NetworkInterfaceArgs{
		SubnetId: args.SubnetID, SecurityGroups: pulumi.StringArray{args.SecurityGroup},
		Description: pulumi.String("The allocator's, whichever instance has it"), Tags: args.Namer.Tags(component, args.Namer.Name("interface", 255)),
	}
	if args.PrivateIP != "" {
		inputs.PrivateIps = pulumi.StringArray{pulumi.String(args.PrivateIP)}
	}
	iface, err := ec2.NewNetworkInterface(ctx, name+"-interface", inputs, pulumi.Parent(a))
	if err != nil {
		return nil, err
	}
	a.InterfaceID, a.PrivateIP = iface.ID().ToStringOutput(), iface.PrivateIp
	if args.PrivateIP != "" { // known before the interface is there
		a.PrivateIP = pulumi.String(args.PrivateIP).ToStringOutput()
	}
	elastic, err := ec2.NewEip(ctx, name+"-address", &ec2.EipArgs{
		Domain: pulumi.String("vpc"), Tags: args.Namer.Tags(component, args.Namer.Name("address", 255)),
	}, pulumi.Parent(a), pulumi.Protect(args.Protect), pulumi.RetainOnDelete(args.Protect))
	if err != nil {
		return nil, err
	}
	association, err := ec2.NewEipAssociation(ctx, name+"-address-association", &ec2.EipAssociationArgs{
		AllocationId: elastic.ID(), NetworkInterfaceId: iface.ID(),
	}, pulumi.Parent(a), pulumi.DeleteBeforeReplace(true), pulumi.DependsOn(args.After))
	if err != nil {
		return nil, err
	}
	// The address is handed on only when it leads to the interface.
	a.PublicIP = pulumi.All(elastic.PublicIp, association.ID()).ApplyT(func(all []any) string { return all[0].(string) }).(pulumi.StringOutput)
	return a, ctx.RegisterResourceOutputs(a, pulumi.Map{"interfaceId": a.InterfaceID, "privateIp": a.PrivateIP, "publicIp": a.PublicIP})
}
