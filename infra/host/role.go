package host

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// RoleName is the name of the host's role.
func RoleName(n naming.Namer) string { return n.IAM("allocator", naming.MaxRole) }

// declareRole declares the role that the host's programs act under.
func (h *Host) declareRole(ctx *pulumi.Context, name string, args *HostArgs) (*iam.InstanceProfile, pulumi.Resource, error) {
	trust, err := policy.TrustService("ec2.amazonaws.com").JSON()
	if err != nil {
		return nil, nil, err
	}
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name: pulumi.String(RoleName(args.Namer)), AssumeRolePolicy: pulumi.String(trust), Path: pulumi.String(args.Namer.IAMPath()),
		Description: pulumi.String("What the allocator may do"), Tags: args.Namer.Tags(component, RoleName(args.Namer)),
		PermissionsBoundary: args.Boundary.ToStringOutput(),
	}, pulumi.Parent(h))
	if err != nil {
		return nil, nil, err
	}
	granted, err := iam.NewRolePolicy(ctx, name+"-permissions", &iam.RolePolicyArgs{
		Name: pulumi.String("allocator"), Role: role.Name, Policy: args.Permissions,
	}, pulumi.Parent(h))
	if err != nil {
		return nil, nil, err
	}
	profileName := args.Namer.IAM("allocator", naming.MaxProfile)
	profile, err := iam.NewInstanceProfile(ctx, name+"-profile", &iam.InstanceProfileArgs{
		Name: pulumi.String(profileName), Path: pulumi.String(args.Namer.IAMPath()), Role: role.Name, Tags: args.Namer.Tags(component, profileName),
	}, pulumi.Parent(h))
	return profile, granted, err
}
