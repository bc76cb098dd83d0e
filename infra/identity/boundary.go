package identity

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// The tags of the role that asks, as variables of a policy: one boundary serves
// every environment of an account and keeps each to its own.
const (
	ownDeployment  = "${aws:PrincipalTag/" + naming.TagDeployment + "}"
	ownEnvironment = "${aws:PrincipalTag/" + naming.TagEnvironment + "}"
)

// BoundaryName is the name of the policy that bounds machines' roles.
func BoundaryName(n naming.Namer) string { return n.IAM("boundary", naming.MaxPolicy) }

// NewBoundary declares the policy that bounds machines' roles: whatever policies
// a role is given, it may do no more than this.
func NewBoundary(ctx *pulumi.Context, name string, n naming.Namer, opts ...pulumi.ResourceOption) (*iam.Policy, error) {
	text, err := Boundary(n.AccountID).JSON()
	if err != nil {
		return nil, err
	}
	return iam.NewPolicy(ctx, name, &iam.PolicyArgs{
		Name: pulumi.String(BoundaryName(n)), Policy: pulumi.String(text), Tags: n.Tags(component, BoundaryName(n)),
		Description: pulumi.String("What the roles of LabLink's machines may do at most"),
	}, opts...)
}

// Boundary is what a machine of any environment may do at most: look, use what its
// own environment's secrets and the artifacts are, launch, tag and end machines of
// its own, take snapshots of its own data, and build images. Nothing of it lets
// change who may do what.
func Boundary(account string) policy.Document {
	tags := map[string]string{naming.TagDeployment: ownDeployment, naming.TagEnvironment: ownEnvironment}
	own := policy.Tagged("aws:ResourceTag/", tags)
	data := map[string]string{naming.TagData: ownDeployment + "/" + ownEnvironment}
	at := func(service, resource string) string { return "arn:aws:" + service + ":*:" + account + ":" + resource }
	builds := policy.Condition{"StringEquals": {"aws:PrincipalTag/" + naming.TagComponent: {"image"}}}
	inAccount := policy.Condition{"StringEquals": {"aws:ResourceAccount": {account}}}
	return policy.Document{
		{Sid: "Look", Resource: []string{"*"}, Action: []string{
			"autoscaling:Describe*", "ec2:Describe*", "elasticloadbalancing:Describe*", "pricing:GetProducts", "route53:ListHostedZones*", "servicequotas:GetServiceQuota", "sts:GetCallerIdentity",
		}},
		{Sid: "OwnParameters", Action: []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParametersByPath"}, Resource: []string{
			at("ssm", "parameter/lablink/"+ownDeployment+"/"+ownEnvironment+"/*"),
		}},
		{Sid: "Artifacts", Action: []string{"s3:AbortMultipartUpload", "s3:DeleteObject", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}, Condition: inAccount, Resource: []string{
			"arn:aws:s3:::*-artifacts-*",
		}},
		{Sid: "DatabasePassword", Action: []string{"secretsmanager:DescribeSecret", "secretsmanager:GetSecretValue"}, Resource: []string{at("secretsmanager", "secret:rds!*")}},
		{Sid: "Launch", Action: []string{"ec2:CreateFleet", "ec2:RunInstances"}, Resource: []string{
			at("ec2", "*"), "arn:aws:ec2:*::image/*", "arn:aws:ec2:*::snapshot/*",
		}},
		{
			Sid: "TagAtLaunch", Action: []string{"ec2:CreateTags"}, Resource: []string{at("ec2", "*")},
			Condition: policy.Condition{"StringEquals": {"ec2:CreateAction": {"CreateFleet", "RunInstances"}}},
		},
		{Sid: "OwnMachines", Condition: own, Resource: []string{at("ec2", "*")}, Action: []string{
			"ec2:CreateTags", "ec2:RebootInstances", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances",
		}},
		{Sid: "HandOverOwnRoles", Action: []string{"iam:PassRole"}, Resource: []string{
			"arn:aws:iam::" + account + ":role/lablink/" + ownDeployment + "/" + ownEnvironment + "/*",
		}, Condition: policy.Condition{"StringEquals": {"iam:PassedToService": {"ec2.amazonaws.com"}}}},
		{
			Sid: "CertificateChallenges", Action: []string{"route53:ChangeResourceRecordSets"}, Resource: []string{"arn:aws:route53:::hostedzone/*"},
			Condition: policy.Condition{"ForAllValues:StringLike": {"route53:ChangeResourceRecordSetsNormalizedRecordNames": {"_acme-challenge.*"}}},
		},
		{Sid: "WaitForChallenges", Action: []string{"route53:GetChange", "route53:ListResourceRecordSets"}, Resource: []string{
			"arn:aws:route53:::change/*", "arn:aws:route53:::hostedzone/*",
		}},
		{Sid: "SnapshotsOfOwnData", Action: []string{"ec2:CreateSnapshot", "ec2:DeleteSnapshot"}, Resource: []string{
			at("ec2", "volume/*"), "arn:aws:ec2:*::snapshot/*",
		}, Condition: policy.Tagged("aws:ResourceTag/", data)},
		{Sid: "NewSnapshots", Action: []string{"ec2:CreateSnapshot"}, Resource: []string{"arn:aws:ec2:*::snapshot/*"}},
		{
			Sid: "TagSnapshots", Action: []string{"ec2:CreateTags"}, Resource: []string{"arn:aws:ec2:*::snapshot/*"},
			Condition: policy.Tagged("aws:RequestTag/", data),
		},
		// What Image Builder does on an instance, which is not the environment's.
		{Sid: "TakeCommands", Action: []string{"ec2messages:*", "ssmmessages:*"}, Resource: []string{"*"}, Condition: builds},
		{Sid: "Build", Action: []string{
			"imagebuilder:GetComponent", "logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents", "s3:GetObject",
			"ssm:ListInstanceAssociations", "ssm:UpdateInstanceInformation",
		}, Resource: []string{
			"arn:aws:s3:::ec2imagebuilder-*", at("ec2", "instance/*"), at("imagebuilder", "component/*"), at("logs", "log-group:/aws/imagebuilder/*"),
		}, Condition: builds},
		{Sid: "Metrics", Action: []string{"cloudwatch:PutMetricData"}, Resource: []string{"*"}},
	}
}
