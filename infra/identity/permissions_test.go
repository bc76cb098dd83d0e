package identity_test

import (
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/identity"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

var (
	lab  = naming.Namer{Deployment: "lablink", Environment: "test", AccountID: "123456789012", Region: "us-west-2"}
	name = identity.Record{ZoneID: "Z1", Name: "test.lab.example.org"}
)

const (
	ec2       = "arn:aws:ec2:us-west-2:123456789012:"
	role      = "arn:aws:iam::123456789012:role/"
	machines  = role + "lablink/lablink/test/us-west-2/"
	parameter = "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/"
	artifacts = "lablink-artifacts-test-123456789012-us-west-2"
	bucket    = "arn:aws:s3:::" + artifacts
	boundary  = "arn:aws:iam::123456789012:policy/lablink-boundary-account-us-west-2"
	elb       = "arn:aws:elasticloadbalancing:us-west-2:123456789012:"
	dashboard = "arn:aws:cloudwatch::123456789012:dashboard/"
	snapshot  = "arn:aws:ec2:us-west-2::snapshot/"
	rds       = "arn:aws:rds:us-west-2:123456789012:"
	secret    = "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!db-1"
	yes, no   = iam.Allowed, iam.Implicit
)

// request is one call and what the policy should say to it.
type request struct {
	why, action, resource string
	context               map[string][]string
	want                  iam.Decision
}

// context joins condition keys.
func context(all ...map[string][]string) map[string][]string {
	out := map[string][]string{}
	for _, c := range all {
		maps.Copy(out, c)
	}
	return out
}

func has(deployment, environment string) map[string][]string {
	return map[string][]string{"aws:ResourceTag/lablink:deployment": {deployment}, "aws:ResourceTag/lablink:environment": {environment}}
}

func asks(deployment, environment string) map[string][]string {
	return map[string][]string{"aws:RequestTag/lablink:deployment": {deployment}, "aws:RequestTag/lablink:environment": {environment}}
}

func key(name, value string) map[string][]string { return map[string][]string{name: {value}} }

var looking = []request{
	{"a list", "ec2:DescribeVpcs", "*", nil, yes},
	{"who it is", "sts:GetCallerIdentity", "*", nil, yes},
	{"its role", "iam:GetRole", machines + "lablink-allocator-test-us-west-2", nil, yes},
	{"its profile", "iam:GetInstanceProfile", "arn:aws:iam::123456789012:instance-profile/lablink/lablink/test/us-west-2/lablink-allocator-test-us-west-2", nil, yes},
	{"another environment's role", "iam:GetRole", role + "lablink/lablink/prod/us-west-2/lablink-allocator-prod-us-west-2", nil, no},
	{"the role of another environment whose name ends alike", "iam:GetRole", role + "lablink/lablink/pre-test/us-west-2/lablink-allocator-pre-test-us-west-2", nil, no},
	{"the roles of workflows", "iam:GetRole", role + "lablink-deploy-test-us-west-2", nil, yes},
	{"somebody's role", "iam:GetRolePolicy", role + "admin", nil, no},
	{"a policy of its own", "iam:GetPolicyVersion", boundary, nil, yes},
	{"somebody's policy", "iam:GetPolicy", "arn:aws:iam::123456789012:policy/admin", nil, no},
	{"GitHub's provider", "iam:GetOpenIDConnectProvider", "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com", nil, yes},
	{"changing the provider", "iam:UpdateOpenIDConnectProviderThumbprint", "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com", nil, no},
	{"a zone", "route53:ListResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", nil, yes},
	{"the release pointer", "ssm:GetParameter", parameter + "test/release", nil, yes},
	{"a public parameter", "ssm:GetParameter", "arn:aws:ssm:us-west-2::parameter/aws/service/debian/release/12/latest/arm64", nil, yes},
	{"another environment's parameter", "ssm:GetParameter", parameter + "prod/release", nil, no},
	{"a release", "s3:GetObject", bucket + "/releases/x.json", nil, yes},
	{"the bucket's settings", "s3:GetBucketAcl", bucket, nil, yes},
	{"another bucket", "s3:GetObject", "arn:aws:s3:::lablink-artifacts-prod-123456789012-us-west-2/releases/x.json", nil, no},
}

func TestTheParametersOfImagesAreReadAndNoOthers(t *testing.T) {
	const ssm, elsewhere = "arn:aws:ssm:us-west-2:123456789012:parameter/", "arn:aws:ssm:us-west-2:999999999999:parameter/shared/gpu"
	d := identity.ReadImages(lab, []string{"/images/gpu", "plain", elsewhere, "/images/gpu", "/aws/service/debian/release/12/latest/arm64"})
	check(t, d, []request{
		{"by its path", "ssm:GetParameter", ssm + "images/gpu", nil, yes},
		{"by its name", "ssm:GetParameter", ssm + "plain", nil, yes},
		{"another account's", "ssm:GetParameter", elsewhere, nil, yes},
		{"beside it", "ssm:GetParameter", ssm + "images/cpu", nil, no},
		{"below it", "ssm:GetParameter", ssm + "images/gpu/secret", nil, no},
		{"moving it", "ssm:PutParameter", ssm + "images/gpu", nil, no},
	})
	assert.Len(t, d[0].Resource, 3, "each once, and what is everybody's is not named")
	assert.Empty(t, identity.ReadImages(lab, []string{"/aws/service/debian/release/12/latest/arm64"}))
}

func TestAPreviewReadsWhatIsDeployedAndChangesNothing(t *testing.T) {
	check(t, identity.Look(lab, artifacts), append(slices.Clone(looking),
		request{"a secret", "ssm:GetParameter", parameter + "test/secret/admin-password", nil, iam.Denied},
		request{"secrets", "ssm:GetParameters", parameter + "test/secret/admin-password", nil, iam.Denied},
		request{"earlier secrets", "ssm:GetParameterHistory", parameter + "test/secret/admin-password", nil, iam.Denied},
		request{"a password of RDS", "secretsmanager:GetSecretValue", secret, nil, iam.Denied},
		request{"Windows passwords", "ec2:GetPasswordData", ec2 + "instance/i-1", has("lablink", "test"), iam.Denied},
		request{"a database", "rds:DescribeDBInstances", rds + "db:lablink-db-test", nil, yes},
		request{"a topic", "sns:GetTopicAttributes", "arn:aws:sns:us-west-2:123456789012:lablink-alarms-test", nil, yes},
		request{"deleting a database", "rds:DeleteDBInstance", rds + "db:lablink-db-test", has("lablink", "test"), no},
		request{"moving the pointer", "ssm:PutParameter", parameter + "test/release", nil, no},
		request{"writing a release", "s3:PutObject", bucket + "/releases/x.json", nil, no},
		request{"ending the host", "ec2:TerminateInstances", ec2 + "instance/i-1", has("lablink", "test"), no},
		request{"a record", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", nil, no},
		request{"handing over a role", "iam:PassRole", machines + "lablink-allocator-test-us-west-2", key("iam:PassedToService", "ec2.amazonaws.com"), no},
	))
}

func TestADeployMakesAndChangesThisEnvironmentAlone(t *testing.T) {
	own, other, bounded := has("lablink", "test"), has("lablink", "prod"), key("iam:PermissionsBoundary", boundary)
	normalized := "route53:ChangeResourceRecordSetsNormalizedRecordNames"
	snapshots := "arn:aws:ec2:us-west-2::snapshot/"
	check(t, append(identity.Deploy(lab, name, artifacts, boundary), identity.DeployNetwork(lab, identity.Network{})...), append(slices.Clone(looking), []request{
		{"a subnet", "ec2:CreateSubnet", ec2 + "subnet/*", asks("lablink", "test"), yes},
		{"in its VPC", "ec2:CreateSubnet", ec2 + "vpc/vpc-1", context(own, asks("lablink", "test")), yes},
		{"in another VPC", "ec2:CreateSubnet", ec2 + "vpc/vpc-2", context(other, asks("lablink", "test")), no},
		{"a subnet without tags", "ec2:CreateSubnet", ec2 + "subnet/*", nil, no},
		{"a subnet with another environment's tags", "ec2:CreateSubnet", ec2 + "subnet/*", asks("lablink", "prod"), no},
		{"a VPC", "ec2:CreateVpc", ec2 + "vpc/*", asks("lablink", "test"), yes},
		{"a VPC without tags", "ec2:CreateVpc", ec2 + "vpc/*", nil, no},
		{"an endpoint", "ec2:CreateVpcEndpoint", ec2 + "vpc-endpoint/*", asks("lablink", "test"), yes},
		{"an endpoint in another's table", "ec2:CreateVpcEndpoint", ec2 + "route-table/rtb-2", context(other, asks("lablink", "test")), no},
		{"a host", "ec2:RunInstances", ec2 + "instance/*", asks("lablink", "test"), yes},
		{"a host in its subnet", "ec2:RunInstances", ec2 + "subnet/subnet-1", own, yes},
		{"a host in another's subnet", "ec2:RunInstances", ec2 + "subnet/subnet-2", context(other, asks("lablink", "test")), no},
		{"an interface that comes with the host", "ec2:RunInstances", ec2 + "network-interface/*", nil, yes},
		{"the host's interface", "ec2:CreateNetworkInterface", ec2 + "network-interface/*", asks("lablink", "test"), yes},
		{"an interface without tags", "ec2:CreateNetworkInterface", ec2 + "network-interface/*", nil, no},
		{"an interface in its subnet", "ec2:CreateNetworkInterface", ec2 + "subnet/subnet-1", context(own, asks("lablink", "test")), yes},
		{"an interface in another's subnet", "ec2:CreateNetworkInterface", ec2 + "subnet/subnet-2", context(other, asks("lablink", "test")), no},
		{"an address for its interface", "ec2:AssociateAddress", ec2 + "network-interface/eni-1", own, yes},
		{"its address for somebody's interface", "ec2:AssociateAddress", ec2 + "network-interface/eni-3", nil, no},
		{"taking its interface from its host", "ec2:DetachNetworkInterface", ec2 + "network-interface/eni-1", own, yes},
		{"its host's part in that", "ec2:DetachNetworkInterface", ec2 + "instance/i-1", own, yes},
		{"taking somebody's interface", "ec2:DetachNetworkInterface", ec2 + "network-interface/eni-3", nil, no},
		{"other groups for somebody's interface", "ec2:ModifyNetworkInterfaceAttribute", ec2 + "network-interface/eni-3", nil, no},
		{"a NAT gateway", "ec2:CreateNatGateway", ec2 + "natgateway/*", asks("lablink", "test"), yes},
		{"a NAT gateway with another's address", "ec2:CreateNatGateway", ec2 + "elastic-ip/eipalloc-2", context(other, asks("lablink", "test")), no},
		{"ending another's NAT gateway", "ec2:DeleteNatGateway", ec2 + "natgateway/nat-2", other, no},
		{"the host's disk", "ec2:RunInstances", ec2 + "volume/*", asks("lablink", "test"), yes},
		{"a disk without tags", "ec2:RunInstances", ec2 + "volume/*", nil, no},
		{"the host's image", "ec2:RunInstances", "arn:aws:ec2:us-west-2::image/ami-1", nil, yes},

		{"ending its host", "ec2:TerminateInstances", ec2 + "instance/i-1", own, yes},
		{"ending another environment's host", "ec2:TerminateInstances", ec2 + "instance/i-2", other, no},
		{"ending somebody's instance", "ec2:TerminateInstances", ec2 + "instance/i-3", nil, no},
		{"deleting its volume", "ec2:DeleteVolume", ec2 + "volume/vol-1", own, yes},
		{"deleting another environment's volume", "ec2:DeleteVolume", ec2 + "volume/vol-2", other, no},
		{"a snapshot of its volume", "ec2:CreateSnapshot", ec2 + "volume/vol-1", own, yes},
		{"a snapshot of another environment's volume", "ec2:CreateSnapshot", ec2 + "volume/vol-2", other, no},
		{"the snapshot", "ec2:CreateSnapshot", snapshots + "*", asks("lablink", "test"), yes},
		{"a snapshot without tags", "ec2:CreateSnapshot", snapshots + "*", nil, no},
		{"tags on the snapshot at once", "ec2:CreateTags", snapshots + "*", context(asks("lablink", "test"), key("ec2:CreateAction", "CreateSnapshot")), yes},
		{"its tags on somebody's snapshot", "ec2:CreateTags", snapshots + "snap-3", asks("lablink", "test"), no},
		{"a volume of its snapshot", "ec2:CreateVolume", snapshots + "snap-1", context(own, asks("lablink", "test")), yes},
		{"a volume of another environment's snapshot", "ec2:CreateVolume", snapshots + "snap-2", context(other, asks("lablink", "test")), no},
		{"deleting its snapshots", "ec2:DeleteSnapshot", snapshots + "snap-1", own, no},
		{"a rule of its group", "ec2:AuthorizeSecurityGroupIngress", ec2 + "security-group/sg-1", own, yes},
		{"a rule of another's group", "ec2:AuthorizeSecurityGroupIngress", ec2 + "security-group/sg-2", other, no},
		{"the rule itself", "ec2:AuthorizeSecurityGroupIngress", ec2 + "security-group-rule/*", nil, yes},
		{"freeing another's address", "ec2:ReleaseAddress", ec2 + "elastic-ip/eipalloc-2", other, no},

		{"tags at once", "ec2:CreateTags", ec2 + "vpc/vpc-1", context(asks("lablink", "test"), key("ec2:CreateAction", "CreateVpc")), yes},
		{"another environment's tags at once", "ec2:CreateTags", ec2 + "vpc/vpc-1", context(asks("lablink", "prod"), key("ec2:CreateAction", "CreateVpc")), no},
		{"tags on a new disk at once", "ec2:CreateTags", ec2 + "volume/vol-1", context(asks("lablink", "test"), key("ec2:CreateAction", "CreateVolume")), yes},
		{"tags on a new rule at once", "ec2:CreateTags", ec2 + "security-group-rule/sgr-1", context(asks("lablink", "test"), key("ec2:CreateAction", "AuthorizeSecurityGroupIngress")), yes},
		{"another tag on its disk", "ec2:CreateTags", ec2 + "volume/vol-1", own, yes},
		{"its tags on somebody's disk without any", "ec2:CreateTags", ec2 + "volume/vol-3", asks("lablink", "test"), no},
		{"its tags on somebody's rule without any", "ec2:CreateTags", ec2 + "security-group-rule/sgr-3", asks("lablink", "test"), no},
		{"its tags on another's disk", "ec2:CreateTags", ec2 + "volume/vol-2", context(other, asks("lablink", "test")), no},
		{"its tags on somebody's instance", "ec2:CreateTags", ec2 + "instance/i-3", asks("lablink", "test"), no},

		{"a role under the boundary", "iam:CreateRole", machines + "lablink-client-gpu-test-us-west-2", context(asks("lablink", "test"), bounded), yes},
		{"a role without the boundary", "iam:CreateRole", machines + "lablink-client-gpu-test-us-west-2", asks("lablink", "test"), no},
		{"a role under another boundary", "iam:CreateRole", machines + "lablink-client-gpu-test-us-west-2", context(asks("lablink", "test"), key("iam:PermissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess")), no},
		{"a role with another environment's tags", "iam:CreateRole", machines + "lablink-client-gpu-test-us-west-2", context(asks("lablink", "prod"), bounded), no},
		{"the policy of a role that has the boundary", "iam:PutRolePolicy", machines + "lablink-allocator-test-us-west-2", bounded, yes},
		{"the policy of a role that has none", "iam:PutRolePolicy", machines + "lablink-allocator-test-us-west-2", nil, no},
		{"a managed policy for a role that has the boundary", "iam:AttachRolePolicy", machines + "lablink-allocator-test-us-west-2", bounded, yes},
		{"setting the boundary", "iam:PutRolePermissionsBoundary", machines + "lablink-allocator-test-us-west-2", bounded, yes},
		{"setting another boundary", "iam:PutRolePermissionsBoundary", machines + "lablink-allocator-test-us-west-2", key("iam:PermissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess"), no},
		{"taking the boundary away", "iam:DeleteRolePermissionsBoundary", machines + "lablink-allocator-test-us-west-2", bounded, iam.Denied},
		{"changing the boundary", "iam:CreatePolicyVersion", boundary, nil, iam.Denied},
		{"going back to an older boundary", "iam:SetDefaultPolicyVersion", boundary, nil, iam.Denied},
		{"changing another policy", "iam:CreatePolicyVersion", "arn:aws:iam::123456789012:policy/admin", nil, no},
		{"deleting a role", "iam:DeleteRole", machines + "lablink-client-gpu-test-us-west-2", nil, yes},
		{"a tag of a role", "iam:TagRole", machines + "lablink-client-gpu-test-us-west-2", key("aws:RequestTag/Name", "x"), yes},
		{"making a role another environment's", "iam:TagRole", machines + "lablink-client-gpu-test-us-west-2", asks("lablink", "prod"), no},
		{"taking a tag from a role", "iam:UntagRole", machines + "lablink-client-gpu-test-us-west-2", key("aws:TagKeys", "Name"), yes},
		{"making a role nobody's", "iam:UntagRole", machines + "lablink-client-gpu-test-us-west-2", key("aws:TagKeys", "lablink:environment"), no},
		{"a role of another environment", "iam:PutRolePolicy", role + "lablink-deploy-prod-us-west-2", nil, no},
		{"a workflow's role whose environment ends alike", "iam:PutRolePolicy", role + "lablink-deploy-pre-test-us-west-2", nil, no},
		{"a workflow's role whose deployment begins alike", "iam:PutRolePolicy", role + "lablink-two-deploy-test-us-west-2", nil, no},
		{"a machine's role whose environment ends alike", "iam:PutRolePolicy", role + "lablink/lablink/pre-test/us-west-2/lablink-allocator-pre-test-us-west-2", nil, no},
		{"a machine's role whose deployment begins alike", "iam:PutRolePolicy", role + "lablink/lablink-two/test/us-west-2/lablink-two-allocator-test-us-west-2", nil, no},
		{"handing out one of those", "iam:PassRole", role + "lablink/lablink/pre-test/us-west-2/lablink-allocator-pre-test-us-west-2", key("iam:PassedToService", "ec2.amazonaws.com"), no},
		{"a role by its name without the path", "iam:PutRolePolicy", role + "lablink-allocator-test-us-west-2", nil, no},
		{"the profile of a new pool", "iam:CreateInstanceProfile", "arn:aws:iam::123456789012:instance-profile/lablink/lablink/test/us-west-2/lablink-client-new-test-us-west-2", nil, yes},
		{"somebody's role", "iam:PutRolePolicy", role + "admin", nil, no},
		{"its own permissions", "iam:PutRolePolicy", role + "lablink-deploy-test-us-west-2", nil, iam.Denied},
		{"its own trust", "iam:UpdateAssumeRolePolicy", role + "lablink-deploy-test-us-west-2", nil, iam.Denied},
		{"the permissions of previews", "iam:PutRolePolicy", role + "lablink-preview-test-us-west-2", nil, iam.Denied},
		{"the permissions of drift", "iam:PutRolePolicy", role + "lablink-drift-test-us-west-2", nil, iam.Denied},
		{"a user", "iam:CreateUser", "arn:aws:iam::123456789012:user/x", nil, no},
		{"a managed policy", "iam:AttachRolePolicy", machines + "lablink-allocator-test-us-west-2", nil, no},
		{"handing the host its role", "iam:PassRole", machines + "lablink-allocator-test-us-west-2", key("iam:PassedToService", "ec2.amazonaws.com"), yes},
		{"handing the role to a function", "iam:PassRole", machines + "lablink-allocator-test-us-west-2", key("iam:PassedToService", "lambda.amazonaws.com"), no},

		{"its pointer", "ssm:PutParameter", parameter + "test/release", nil, yes},
		{"its secret, which it made", "ssm:GetParameter", parameter + "test/secret/admin-password", nil, yes},
		{"another environment's pointer", "ssm:PutParameter", parameter + "prod/release", nil, no},
		{"a gateway for private machines", "ec2:CreateNatGateway", ec2 + "natgateway/*", asks("lablink", "test"), yes},
		{"in another's subnet", "ec2:CreateNatGateway", ec2 + "subnet/subnet-2", context(other, asks("lablink", "test")), no},
		{"an interface", "ec2:CreateNetworkInterface", ec2 + "network-interface/*", asks("lablink", "test"), yes},
		{"a release", "s3:PutObject", bucket + "/releases/x.json", nil, yes},
		{"its bucket's policy", "s3:PutBucketPolicy", bucket, nil, yes},
		{"emptying its bucket", "s3:DeleteObjectVersion", bucket + "/releases/x.json", nil, yes},
		{"emptying another bucket", "s3:DeleteObjectVersion", "arn:aws:s3:::lablink-artifacts-prod-123456789012-us-west-2/releases/x.json", nil, no},
		{"opening another bucket", "s3:PutBucketPolicy", "arn:aws:s3:::other", nil, no},
		{"its record", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", key(normalized, "test.lab.example.org"), yes},
		{"its certificate's record", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", key(normalized, "_0123.test.lab.example.org"), yes},
		{"another certificate's record", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", key(normalized, "_0123.lab.example.org"), no},
		{"a name below", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", key(normalized, "www.test.lab.example.org"), no},
		{"another name in the zone", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", key(normalized, "www.example.org"), no},
		{"another zone", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z2", key(normalized, "test.lab.example.org"), no},
		{"waiting for the record", "route53:GetChange", "arn:aws:route53:::change/C1", nil, yes},
		{"deleting the zone", "route53:DeleteHostedZone", "arn:aws:route53:::hostedzone/Z1", nil, no},
	}...))
}

func TestADeployMakesAndChangesThisEnvironmentAloneInOtherServicesToo(t *testing.T) {
	own, other := has("lablink", "test"), has("lablink", "prod")
	check(t, identity.DeployServices(lab), []request{
		{"a list of databases", "rds:DescribeDBInstances", "*", nil, yes},
		{"what carries its tags", "tag:GetResources", "*", nil, yes},
		{"putting tags on whatever it is", "tag:TagResources", "*", nil, no},
		{"a topic", "sns:GetTopicAttributes", "arn:aws:sns:us-west-2:123456789012:lablink-alarms-test", nil, yes},
		{"a database", "rds:CreateDBInstance", rds + "db:lablink-db-test", asks("lablink", "test"), yes},
		{"in its own subnets", "rds:CreateDBInstance", rds + "subgrp:lablink-db-test", own, yes},
		{"a database without tags", "rds:CreateDBInstance", rds + "db:lablink-db-test", nil, no},
		{"a database of another name", "rds:CreateDBInstance", rds + "db:other", asks("lablink", "test"), no},
		{"another's dashboard's graphs", "cloudwatch:GetDashboard", dashboard + "lablink-watch-prod-us-west-2", nil, no},
		{"deleting its database", "rds:DeleteDBInstance", rds + "db:lablink-db-test", own, yes},
		{"deleting another's database", "rds:DeleteDBInstance", rds + "db:lablink-db-prod", other, no},
		{"its tags on another's database", "rds:AddTagsToResource", rds + "db:other", asks("lablink", "test"), no},
		{"a load balancer", "elasticloadbalancing:CreateLoadBalancer", elb + "loadbalancer/app/lablink-web-test/1", asks("lablink", "test"), yes},
		{"its listener", "elasticloadbalancing:CreateListener", elb + "loadbalancer/app/lablink-web-test/1", own, yes},
		{"a host as its target", "elasticloadbalancing:RegisterTargets", elb + "targetgroup/lablink-people-hosts-test/1", own, yes},
		{"another's target", "elasticloadbalancing:DeregisterTargets", elb + "targetgroup/lablink-people-hosts-prod/1", other, no},
		{"a certificate that it brings", "acm:ImportCertificate", "arn:aws:acm:us-west-2:123456789012:certificate/*", asks("lablink", "test"), yes},
		{"another's listener", "elasticloadbalancing:DeleteListener", elb + "listener/app/lablink-web-prod/1/2", other, no},
		{"a group of hosts", "autoscaling:CreateAutoScalingGroup", "arn:aws:autoscaling:us-west-2:123456789012:autoScalingGroup:u:autoScalingGroupName/lablink-hosts-test", asks("lablink", "test"), yes},
		{"a certificate", "acm:RequestCertificate", "arn:aws:acm:us-west-2:123456789012:certificate/*", asks("lablink", "test"), yes},
		{"deleting another's certificate", "acm:DeleteCertificate", "arn:aws:acm:us-west-2:123456789012:certificate/1", other, no},
		{"an alarm", "cloudwatch:PutMetricAlarm", "arn:aws:cloudwatch:us-west-2:123456789012:alarm:lablink-host-test", asks("lablink", "test"), yes},
		{"its dashboard", "cloudwatch:PutDashboard", dashboard + "lablink-watch-test-us-west-2", nil, yes},
		{"another's dashboard", "cloudwatch:PutDashboard", dashboard + "lablink-watch-prod-us-west-2", nil, no},
		{"the dashboard of another whose name ends alike", "cloudwatch:PutDashboard", dashboard + "lablink-watch-pre-test-us-west-2", nil, no},
		{"a topic's subscription", "sns:Subscribe", "arn:aws:sns:us-west-2:123456789012:lablink-alarms-test", own, yes},
		{"an image's recipe, which is the account's", "imagebuilder:CreateImageRecipe", "arn:aws:imagebuilder:us-west-2:123456789012:image-recipe/image-gpu-recipe-1/1.0.0", asks("lablink", "test"), no},
		{"with AWS's options", "rds:CreateDBInstance", rds + "og:default:postgres-17", asks("lablink", "test"), yes},
		{"with somebody's options", "rds:CreateDBInstance", rds + "og:mine", asks("lablink", "test"), no},
		{"the secret of its password", "secretsmanager:CreateSecret", secret, nil, yes},
		{"another secret", "secretsmanager:CreateSecret", "arn:aws:secretsmanager:us-west-2:123456789012:secret:mine", nil, no},
		{"the key of the secret", "kms:DescribeKey", "arn:aws:kms:us-west-2:123456789012:key/k", nil, yes},
		{"what the key hides", "kms:Decrypt", "arn:aws:kms:us-west-2:123456789012:key/k", nil, no},
		{"the role of Spot", "iam:CreateServiceLinkedRole", role + "aws-service-role/spot.amazonaws.com/AWSServiceRoleForEC2Spot", key("iam:AWSServiceName", "spot.amazonaws.com"), yes},
		{"the role of another service", "iam:CreateServiceLinkedRole", role + "aws-service-role/x", key("iam:AWSServiceName", "organizations.amazonaws.com"), no},
		{"handing snapshots a role", "iam:PassRole", machines + "lablink-snapshots-test-us-west-2", key("iam:PassedToService", "dlm.amazonaws.com"), yes},
		{"handing a function a role", "iam:PassRole", machines + "lablink-snapshots-test-us-west-2", key("iam:PassedToService", "lambda.amazonaws.com"), no},
		{"a secret's value", "secretsmanager:GetSecretValue", secret, own, no},
	})
}

// Whatever policies a machine's role has, it stays with its own environment and
// changes nobody's rights.
func TestABoundaryKeepsAMachineToItsOwnEnvironment(t *testing.T) {
	of := map[string][]string{
		"aws:PrincipalTag/lablink:deployment": {"lablink"}, "aws:PrincipalTag/lablink:environment": {"test"}, "aws:ResourceAccount": {"123456789012"},
	}
	with := func(more map[string][]string) map[string][]string { return context(of, more) }
	builds := key("aws:PrincipalTag/lablink:component", "image")
	hasData := func(of string) map[string][]string { return with(key("aws:ResourceTag/lablink:data", of)) }
	toEC2 := key("iam:PassedToService", "ec2.amazonaws.com")
	const names = "route53:ChangeResourceRecordSetsNormalizedRecordNames"
	check(t, identity.Boundary("123456789012"), []request{
		{"looking", "ec2:DescribeInstances", "*", of, yes},
		{"its secret", "ssm:GetParameter", parameter + "test/secret/admin-password", of, yes},
		{"another environment's secret", "ssm:GetParameter", parameter + "prod/secret/admin-password", of, no},
		{"its own secret, where the role has no tags", "ssm:GetParameter", parameter + "test/secret/admin-password", nil, no},
		{"a release", "s3:GetObject", bucket + "/releases/x.json", of, yes},
		{"the state of stacks", "s3:GetObject", "arn:aws:s3:::lablink-state-account-123456789012-us-west-2/.pulumi/stacks/lablink/prod.json", of, no},
		{"secrets in state", "kms:Decrypt", "arn:aws:kms:us-west-2:123456789012:key/k", of, no},
		{"the database's password", "secretsmanager:GetSecretValue", secret, of, yes},
		{"another secret", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-west-2:123456789012:secret:mine", of, no},
		{"launching", "ec2:RunInstances", ec2 + "instance/*", of, yes},
		{"tags at launch", "ec2:CreateTags", ec2 + "instance/*", with(key("ec2:CreateAction", "RunInstances")), yes},
		{"ending its machine", "ec2:TerminateInstances", ec2 + "instance/i-1", with(has("lablink", "test")), yes},
		{"ending another's machine", "ec2:TerminateInstances", ec2 + "instance/i-2", with(has("lablink", "prod")), no},
		{"taking another's machine over by tags", "ec2:CreateTags", ec2 + "instance/i-2", with(has("lablink", "prod")), no},
		{"handing over its role", "iam:PassRole", machines + "lablink-client-gpu-test-us-west-2", with(toEC2), yes},
		{"handing over another's role", "iam:PassRole", role + "lablink/lablink/prod/us-west-2/lablink-client-gpu-prod-us-west-2", with(toEC2), no},
		{"handing over somebody's role", "iam:PassRole", role + "admin", with(toEC2), no},
		{"a role's policy", "iam:PutRolePolicy", machines + "lablink-client-gpu-test-us-west-2", of, no},
		{"a user", "iam:CreateUser", "arn:aws:iam::123456789012:user/x", of, no},
		{"another role", "sts:AssumeRole", role + "admin", of, no},
		{"a certificate's challenge", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", with(key(names, "_acme-challenge.lab.example.org")), yes},
		{"another record", "route53:ChangeResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", with(key(names, "lab.example.org")), no},
		{"waiting for the challenge", "route53:GetChange", "arn:aws:route53:::change/C1", of, yes},
		{"a metric", "cloudwatch:PutMetricData", "*", of, yes},
		{"a snapshot of its data", "ec2:CreateSnapshot", ec2 + "volume/vol-1", hasData("lablink/test"), yes},
		{"a snapshot of another's data", "ec2:CreateSnapshot", ec2 + "volume/vol-2", hasData("lablink/prod"), no},
		{"a snapshot of somebody's disk", "ec2:CreateSnapshot", ec2 + "volume/vol-3", of, no},
		{"the snapshot itself", "ec2:CreateSnapshot", snapshot + "*", of, yes},
		{"its tag on the snapshot", "ec2:CreateTags", snapshot + "snap-1", with(key("aws:RequestTag/lablink:data", "lablink/test")), yes},
		{"another's tag on a snapshot", "ec2:CreateTags", snapshot + "snap-1", with(key("aws:RequestTag/lablink:data", "lablink/prod")), no},
		{"deleting its snapshot", "ec2:DeleteSnapshot", snapshot + "snap-1", hasData("lablink/test"), yes},
		{"deleting another's snapshot", "ec2:DeleteSnapshot", snapshot + "snap-2", hasData("lablink/prod"), no},
		{"giving a snapshot away", "ec2:ModifySnapshotAttribute", snapshot + "snap-1", hasData("lablink/test"), no},
		{"Systems Manager's commands, where an image is built", "ssmmessages:OpenDataChannel", "*", with(builds), yes},
		{"Systems Manager's commands elsewhere", "ssmmessages:OpenDataChannel", "*", of, no},
		{"an image's component, where one is built", "imagebuilder:GetComponent", "arn:aws:imagebuilder:us-west-2:123456789012:component/image-gpu-component-1/1.0.0/1", with(builds), yes},
		{"what runs the component", "s3:GetObject", "arn:aws:s3:::ec2imagebuilder-toe-us-west-2-prod/latest/linux/amd64/awstoe", with(builds), yes},
		{"sending commands", "ssm:SendCommand", ec2 + "instance/i-2", with(builds), no},
	})
}

func TestADeployAddsReleasesToTheAccountsBucketAndLeavesTheRestAsItIs(t *testing.T) {
	const account, release = "arn:aws:s3:::lablink-artifacts-account", "arn:aws:s3:::lablink-artifacts-account/releases/x.json"
	d := parse(t, identity.Deploy(lab, name, "lablink-artifacts-account", boundary), iam.Identity)
	for _, r := range []request{
		{"a release", "s3:PutObject", release, nil, yes},
		{"its tags", "s3:PutObjectTagging", release, nil, yes},
		{"reading one", "s3:GetObject", release, nil, yes},
		{"deleting one", "s3:DeleteObject", release, nil, no},
		{"deleting one for good", "s3:DeleteObjectVersion", release, nil, no},
		{"who may use the bucket", "s3:PutBucketPolicy", account, nil, no},
		{"opening it", "s3:PutBucketPublicAccessBlock", account, nil, no},
		{"its end", "s3:DeleteBucket", account, nil, no},
	} {
		assert.Equal(t, r.want, iam.Evaluate(iam.Request{Action: r.action, Resource: r.resource}, d), "%s: %s on %s", r.why, r.action, r.resource)
	}
}

// A VPC that is there has no tags of the deployment.
func TestADeployUsesTheNetworkThatItIsGivenAndChangesNothingOfIt(t *testing.T) {
	there := identity.Network{VPCID: "vpc-9", SubnetIDs: []string{"subnet-8", "subnet-9"}}
	d := parse(t, identity.DeployNetwork(lab, there), iam.Identity)
	for _, r := range []request{
		{"a group", "ec2:CreateSecurityGroup", ec2 + "vpc/vpc-9", asks("lablink", "test"), yes},
		{"an interface", "ec2:CreateNetworkInterface", ec2 + "subnet/subnet-9", asks("lablink", "test"), yes},
		{"a host", "ec2:RunInstances", ec2 + "subnet/subnet-8", asks("lablink", "test"), yes},
		{"a host elsewhere", "ec2:RunInstances", ec2 + "subnet/subnet-7", asks("lablink", "test"), no},
		{"a group elsewhere", "ec2:CreateSecurityGroup", ec2 + "vpc/vpc-7", asks("lablink", "test"), no},
		{"a subnet", "ec2:CreateSubnet", ec2 + "vpc/vpc-9", asks("lablink", "test"), no},
		{"a route", "ec2:CreateRoute", ec2 + "route-table/rtb-9", nil, no},
		{"its end", "ec2:DeleteSubnet", ec2 + "subnet/subnet-9", nil, no},
	} {
		got := iam.Evaluate(iam.Request{Action: r.action, Resource: r.resource, Context: r.context}, d)
		assert.Equal(t, r.want, got, "%s: %s on %s", r.why, r.action, r.resource)
	}
}

func TestWithoutARecordADeployChangesNone(t *testing.T) {
	for _, s := range parse(t, identity.Deploy(lab, identity.Record{}, artifacts, boundary), iam.Identity).Statement {
		assert.NotContains(t, s.Action, "route53:ChangeResourceRecordSets", s.Sid)
	}
}

// Names are cut where they are too long; paths are not.
func TestADeployMayMakeTheRolesOfTheLongestNames(t *testing.T) {
	long := naming.Namer{Deployment: "a-deployment-of-20-c", Environment: "an-env-of-16-cha", AccountID: "123456789012", Region: "ap-southeast-1"}
	d := parse(t, identity.Deploy(long, name, artifacts, boundary), iam.Identity)
	made := long.MachineRoleARN(long.IAM("client-a-pool-of-20-charact", naming.MaxRole))
	asked := iam.Request{Action: "iam:CreateRole", Resource: made, Context: context(asks(long.Deployment, long.Environment), key("iam:PermissionsBoundary", boundary))}
	assert.Equal(t, iam.Allowed, iam.Evaluate(asked, d), made)
	itself := long.RoleARN(long.IAM("deploy", naming.MaxRole))
	assert.Equal(t, iam.Denied, iam.Evaluate(iam.Request{Action: "iam:PutRolePolicy", Resource: itself}, d), itself)
}

func parse(t *testing.T, d policy.Document, kind iam.Kind) iam.Document {
	t.Helper()
	text, err := d.JSON()
	require.NoError(t, err)
	document, err := iam.Parse(text, kind)
	require.NoError(t, err)
	return document
}

// check evaluates a table of requests, which must need every statement.
func check(t *testing.T, d policy.Document, requests []request) {
	t.Helper()
	document, needed := parse(t, d, iam.Identity), map[string]bool{}
	for _, r := range requests {
		call := iam.Request{Action: r.action, Resource: r.resource, Context: r.context}
		assert.Equal(t, r.want, iam.Evaluate(call, document), "%s: %s on %s with %v", r.why, r.action, r.resource, r.context)
		for _, s := range document.Statement {
			if iam.Evaluate(call, iam.Document{Statement: iam.Statements{s}}) != iam.Implicit {
				needed[s.Sid] = true
			}
		}
	}
	for _, s := range document.Statement {
		assert.True(t, needed[s.Sid], "no request of the table needs the statement %s", s.Sid)
	}
}
