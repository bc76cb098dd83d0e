package host

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// RoleName is the name of the host's role.
func RoleName(n naming.Namer) string { return n.IAM("allocator", naming.MaxRole) }

// declareRole declares the role that the programs of hosts act under.
func declareRole(ctx *pulumi.Context, name string, of pulumi.Resource, n naming.Namer, permissions, boundary pulumi.StringInput) (*iam.InstanceProfile, pulumi.Resource, error) {
	trust, err := policy.TrustService("ec2.amazonaws.com").JSON()
	if err != nil {
		return nil, nil, err
	}
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name: pulumi.String(RoleName(n)), AssumeRolePolicy: pulumi.String(trust), Path: pulumi.String(n.IAMPath()),
		Description: pulumi.String("What the allocator may do"), Tags: n.Tags(component, RoleName(n)),
		PermissionsBoundary: boundary.ToStringOutput(),
	}, pulumi.Parent(of))
	if err != nil {
		return nil, nil, err
	}
	granted, err := iam.NewRolePolicy(ctx, name+"-permissions", &iam.RolePolicyArgs{
		Name: pulumi.String("allocator"), Role: role.Name, Policy: permissions,
	}, pulumi.Parent(of))
	if err != nil {
		return nil, nil, err
	}
	profileName := n.IAM("allocator", naming.MaxProfile)
	profile, err := iam.NewInstanceProfile(ctx, name+"-profile", &iam.InstanceProfileArgs{
		Name: pulumi.String(profileName), Path: pulumi.String(n.IAMPath()), Role: role.Name, Tags: n.Tags(component, profileName),
	}, pulumi.Parent(of))
	return profile, granted, err
}
