package image

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/imagebuilder"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// declareRole declares what the instances that build and test may do.
func (p *Pipeline) declareRole(ctx *pulumi.Context, name string, args *PipelineArgs, built *imagebuilder.Component) (*iam.InstanceProfile, *iam.RolePolicy, error) {
	trust, err := policy.TrustService("ec2.amazonaws.com").JSON()
	if err != nil {
		return nil, nil, err
	}
	n := args.Namer
	roleName := n.IAM("image-"+args.Pipeline, naming.MaxRole)
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name: pulumi.String(roleName), AssumeRolePolicy: pulumi.String(trust), Path: pulumi.String(n.IAMPath()),
		Description: pulumi.String("What the instances that build the image " + args.Pipeline + " may do"), Tags: args.tags(roleName),
		PermissionsBoundary: args.Boundary.ToStringOutput(),
	}, pulumi.Parent(p))
	if err != nil {
		return nil, nil, err
	}
	permissions := policy.Render(func(values []string) policy.Document { return Permissions(n, values[0], values[1]) }, args.Bucket, built.Arn)
	granted, err := iam.NewRolePolicy(ctx, name+"-permissions", &iam.RolePolicyArgs{
		Name: pulumi.String("image"), Role: role.Name, Policy: permissions,
	}, pulumi.Parent(p))
	if err != nil {
		return nil, nil, err
	}
	profileName := n.IAM("image-"+args.Pipeline, naming.MaxProfile)
	profile, err := iam.NewInstanceProfile(ctx, name+"-profile", &iam.InstanceProfileArgs{
		Name: pulumi.String(profileName), Path: pulumi.String(n.IAMPath()), Role: role.Name, Tags: args.tags(profileName),
	}, pulumi.Parent(p))
	return profile, granted, err
}

// Permissions is what an instance that builds may do: take commands from Systems
// Manager, read the one component, fetch the program that runs it, and keep its
// logs. It is the part of AWS's policies EC2InstanceProfileForImageBuilder and
// AmazonSSMManagedInstanceCore that a build takes.
func Permissions(n naming.Namer, bucket, component string) policy.Document {
	return policy.Document{
		{
			Sid: "TakeCommands", Resource: []string{"*"}, // AWS gives these no resource
			Action: []string{
				"ec2messages:AcknowledgeMessage", "ec2messages:DeleteMessage", "ec2messages:FailMessage", "ec2messages:GetEndpoint",
				"ec2messages:GetMessages", "ec2messages:SendReply", "ssmmessages:CreateControlChannel", "ssmmessages:CreateDataChannel",
				"ssmmessages:OpenControlChannel", "ssmmessages:OpenDataChannel",
			},
		},
		{
			Sid: "BeAManagedInstance", Action: []string{"ssm:ListInstanceAssociations", "ssm:UpdateInstanceInformation"},
			Resource: []string{n.ARN("ec2", "instance/*")},
		},
		{Sid: "ReadComponent", Action: []string{"imagebuilder:GetComponent"}, Resource: []string{component}},
		{
			Sid: "FetchBuilder", Action: []string{"s3:GetObject"},
			Resource: []string{"arn:aws:s3:::ec2imagebuilder-*-" + n.Region + "-prod/*"}, // AWS's own buckets
		},
		{Sid: "KeepLogs", Action: []string{"s3:PutObject"}, Resource: []string{"arn:aws:s3:::" + bucket + "/" + logPrefix + "/*"}},
		{
			Sid: "StreamLogs", Action: []string{"logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"},
			Resource: []string{n.ARN("logs", "log-group:/aws/imagebuilder/*")},
		},
	}
}
