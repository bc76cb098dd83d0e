package database

import (
	"errors"
	"fmt"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/dlm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

const component = "database"

// Snapshots are taken of an environment's data volume.
type Snapshots struct {
	pulumi.ResourceState

	// PolicyID is the id of the lifecycle policy.
	PolicyID pulumi.StringOutput `pulumi:"policyId"`
}

// SnapshotsArgs says how often and how many.
type SnapshotsArgs struct {
	Namer naming.Namer
	// EveryHours is the time between two snapshots, in hours: 1, 2, 3, 4, 6, 8, 12
	// or 24. Required.
	EveryHours int
	// KeepDays is how far back they reach, in days. Required.
	KeepDays int
	// Boundary is the ARN of the policy that bounds the role. Required.
	Boundary pulumi.StringInput
}

// NewSnapshots declares the policy and the role that it acts under.
func NewSnapshots(ctx *pulumi.Context, name string, args *SnapshotsArgs, opts ...pulumi.ResourceOption) (*Snapshots, error) {
	if args == nil || args.EveryHours <= 0 || args.KeepDays <= 0 || args.Boundary == nil {
		return nil, errors.New("database: EveryHours, KeepDays and Boundary are required")
	}
	s := &Snapshots{}
	if err := ctx.RegisterComponentResource("lablink:database:Snapshots", name, s, opts...); err != nil {
		return nil, err
	}
	role, granted, err := s.declareRole(ctx, name, args)
	if err != nil {
		return nil, err
	}
	n := args.Namer
	lifecycle, err := dlm.NewLifecyclePolicy(ctx, name+"-policy", &dlm.LifecyclePolicyArgs{
		Description:      pulumi.Sprintf("Snapshots of the data volume of %s %s", n.Deployment, n.Environment),
		ExecutionRoleArn: role.Arn, State: pulumi.String("ENABLED"), Tags: n.Tags(component, n.Name("snapshots", 255)),
		PolicyDetails: dlm.LifecyclePolicyPolicyDetailsArgs{
			PolicyType: pulumi.String("EBS_SNAPSHOT_MANAGEMENT"), ResourceTypes: pulumi.ToStringArray([]string{"VOLUME"}),
			TargetTags: pulumi.ToStringMap(n.DataTag()),
			Schedules: dlm.LifecyclePolicyPolicyDetailsScheduleArray{dlm.LifecyclePolicyPolicyDetailsScheduleArgs{
				Name: pulumi.Sprintf("every %d hours", args.EveryHours),
				CreateRule: dlm.LifecyclePolicyPolicyDetailsScheduleCreateRuleArgs{
					Interval: pulumi.Int(args.EveryHours), IntervalUnit: pulumi.String("HOURS"), Times: pulumi.String("03:00"),
				},
				// Counted, not by age: when the volume is gone, its snapshots stay.
				RetainRule: dlm.LifecyclePolicyPolicyDetailsScheduleRetainRuleArgs{Count: pulumi.Int(count(args))},
				// The role deletes what carries the volume's tag.
				CopyTags: pulumi.Bool(true),
			}},
		},
	}, pulumi.Parent(s), pulumi.DependsOn([]pulumi.Resource{granted}))
	if err != nil {
		return nil, err
	}
	s.PolicyID = lifecycle.ID().ToStringOutput()
	return s, ctx.RegisterResourceOutputs(s, pulumi.Map{"policyId": s.PolicyID})
}

// count is how many snapshots reach back KeepDays just before the next one is
// taken.
func count(args *SnapshotsArgs) int { return (args.KeepDays*24+args.EveryHours-1)/args.EveryHours + 1 }

func (s *Snapshots) declareRole(ctx *pulumi.Context, name string, args *SnapshotsArgs) (*iam.Role, pulumi.Resource, error) {
	n := args.Namer
	trust, err := trust(n).JSON()
	if err != nil {
		return nil, nil, err
	}
	permissions, err := SnapshotPermissions(n).JSON()
	if err != nil {
		return nil, nil, err
	}
	roleName := n.IAM("snapshots", naming.MaxRole)
	role, err := iam.NewRole(ctx, name+"-role", &iam.RoleArgs{
		Name: pulumi.String(roleName), AssumeRolePolicy: pulumi.String(trust), Path: pulumi.String(n.IAMPath()),
		Description: pulumi.String("What takes snapshots of the data volume"), Tags: n.Tags(component, roleName),
		PermissionsBoundary: args.Boundary.ToStringOutput(),
	}, pulumi.Parent(s))
	if err != nil {
		return nil, nil, err
	}
	granted, err := iam.NewRolePolicy(ctx, name+"-permissions", &iam.RolePolicyArgs{
		Name: pulumi.String("snapshots"), Role: role.Name, Policy: pulumi.String(permissions),
	}, pulumi.Parent(s))
	return role, granted, err
}

// trust lets Data Lifecycle Manager act under the role, for policies of this
// account and Region.
func trust(n naming.Namer) policy.Document {
	d := policy.TrustService("dlm.amazonaws.com")
	d[0].Condition = policy.Condition{
		"StringEquals": {"aws:SourceAccount": {n.AccountID}},
		"ArnLike":      {"aws:SourceArn": {n.ARN("dlm", "policy/*")}},
	}
	return d
}

// SnapshotPermissions is what taking snapshots needs: to look, to take one of
// the volume with this environment's tag, and to tag and delete its snapshots.
func SnapshotPermissions(n naming.Namer) policy.Document {
	snapshots := []string{fmt.Sprintf("arn:aws:ec2:%s::snapshot/*", n.Region)}
	own := policy.Tagged("aws:ResourceTag/", n.DataTag())
	return policy.Document{
		{Sid: "Look", Action: []string{"ec2:DescribeSnapshots", "ec2:DescribeVolumes"}, Resource: []string{"*"}},
		// AWS asks for both, the volume and the snapshot that is made of it.
		{Sid: "TakeOfOwnVolume", Action: []string{"ec2:CreateSnapshot"}, Resource: []string{n.ARN("ec2", "volume/*")}, Condition: own},
		{Sid: "Take", Action: []string{"ec2:CreateSnapshot"}, Resource: snapshots},
		{Sid: "TagAsOwn", Action: []string{"ec2:CreateTags"}, Resource: snapshots, Condition: policy.Tagged("aws:RequestTag/", n.DataTag())},
		{Sid: "DeleteOwn", Action: []string{"ec2:DeleteSnapshot"}, Resource: snapshots, Condition: own},
	}
}
