package program_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

// right is what pulumi-aws calls for a type of resource, and on what. Reading is
// asked of every role of a workflow, the others of those that deploy.
type right struct {
	on     string   // the resource, as the policies see one of the stack test
	reads  []string // on the resource, or on * where AWS gives the call none
	makes  []string
	writes []string // changes and deletions
	// engineers' alone: the types that a deployment does not touch.
	engineer bool
}

const (
	inEC2    = "arn:aws:ec2:us-west-2:123456789012:"
	inIAM    = "arn:aws:iam::123456789012:"
	atPath   = "lablink/lablink/test/us-west-2/"
	inBucket = "arn:aws:s3:::lablink-artifacts-test-123456789012-us-west-2"
)

func bucketRight(reads, writes []string) right {
	return right{on: inBucket, reads: reads, writes: writes}
}

// rights are those of every type that a stack of an environment may register.
var rights = map[string]right{
	"aws:ec2/vpc:Vpc":                                           {inEC2 + "vpc/vpc-1", []string{"ec2:DescribeVpcs", "ec2:DescribeVpcAttribute"}, []string{"ec2:CreateVpc"}, []string{"ec2:ModifyVpcAttribute", "ec2:DeleteVpc"}, false},
	"aws:ec2/subnet:Subnet":                                     {inEC2 + "subnet/subnet-1", []string{"ec2:DescribeSubnets"}, []string{"ec2:CreateSubnet"}, []string{"ec2:ModifySubnetAttribute", "ec2:DeleteSubnet"}, false},
	"aws:ec2/internetGateway:InternetGateway":                   {inEC2 + "internet-gateway/igw-1", []string{"ec2:DescribeInternetGateways"}, []string{"ec2:CreateInternetGateway"}, []string{"ec2:AttachInternetGateway", "ec2:DetachInternetGateway", "ec2:DeleteInternetGateway"}, false},
	"aws:ec2/routeTable:RouteTable":                             {inEC2 + "route-table/rtb-1", []string{"ec2:DescribeRouteTables"}, []string{"ec2:CreateRouteTable"}, []string{"ec2:DeleteRouteTable"}, false},
	"aws:ec2/route:Route":                                       {inEC2 + "route-table/rtb-1", []string{"ec2:DescribeRouteTables"}, nil, []string{"ec2:CreateRoute", "ec2:ReplaceRoute", "ec2:DeleteRoute"}, false},
	"aws:ec2/routeTableAssociation:RouteTableAssociation":       {inEC2 + "route-table/rtb-1", []string{"ec2:DescribeRouteTables"}, nil, []string{"ec2:AssociateRouteTable", "ec2:DisassociateRouteTable"}, false},
	"aws:ec2/vpcEndpoint:VpcEndpoint":                           {inEC2 + "vpc-endpoint/vpce-1", []string{"ec2:DescribeVpcEndpoints", "ec2:DescribePrefixLists"}, []string{"ec2:CreateVpcEndpoint"}, []string{"ec2:ModifyVpcEndpoint", "ec2:DeleteVpcEndpoints"}, false},
	"aws:ec2/securityGroup:SecurityGroup":                       {inEC2 + "security-group/sg-1", []string{"ec2:DescribeSecurityGroups"}, []string{"ec2:CreateSecurityGroup"}, []string{"ec2:RevokeSecurityGroupEgress", "ec2:DeleteSecurityGroup"}, false},
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": {inEC2 + "security-group/sg-1", []string{"ec2:DescribeSecurityGroupRules"}, nil, []string{"ec2:AuthorizeSecurityGroupIngress", "ec2:ModifySecurityGroupRules", "ec2:RevokeSecurityGroupIngress"}, false},
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule":   {inEC2 + "security-group/sg-1", []string{"ec2:DescribeSecurityGroupRules"}, nil, []string{"ec2:AuthorizeSecurityGroupEgress", "ec2:ModifySecurityGroupRules", "ec2:RevokeSecurityGroupEgress"}, false},
	"aws:ec2/natGateway:NatGateway":                             {inEC2 + "natgateway/nat-1", []string{"ec2:DescribeNatGateways"}, []string{"ec2:CreateNatGateway"}, []string{"ec2:DeleteNatGateway"}, false},
	"aws:ec2/networkInterface:NetworkInterface":                 {inEC2 + "network-interface/eni-1", []string{"ec2:DescribeNetworkInterfaces"}, []string{"ec2:CreateNetworkInterface"}, []string{"ec2:ModifyNetworkInterfaceAttribute", "ec2:DetachNetworkInterface", "ec2:DeleteNetworkInterface"}, false},
	"aws:ec2/instance:Instance":                                 {inEC2 + "instance/i-1", []string{"ec2:DescribeInstances", "ec2:DescribeInstanceAttribute"}, []string{"ec2:RunInstances"}, []string{"ec2:ModifyInstanceAttribute", "ec2:StopInstances", "ec2:StartInstances", "ec2:TerminateInstances"}, false},
	"aws:ec2/launchTemplate:LaunchTemplate":                     {inEC2 + "launch-template/lt-1", []string{"ec2:DescribeLaunchTemplates", "ec2:DescribeLaunchTemplateVersions"}, []string{"ec2:CreateLaunchTemplate"}, []string{"ec2:CreateLaunchTemplateVersion", "ec2:ModifyLaunchTemplate", "ec2:DeleteLaunchTemplate"}, false},
	"aws:ec2/eip:Eip":                                           {inEC2 + "elastic-ip/eipalloc-1", []string{"ec2:DescribeAddresses", "ec2:DescribeAddressesAttribute"}, []string{"ec2:AllocateAddress"}, []string{"ec2:ReleaseAddress"}, false},
	"aws:ec2/eipAssociation:EipAssociation":                     {inEC2 + "elastic-ip/eipalloc-1", []string{"ec2:DescribeAddresses"}, nil, []string{"ec2:AssociateAddress", "ec2:DisassociateAddress"}, false},
	"aws:ebs/volume:Volume":                                     {inEC2 + "volume/vol-1", []string{"ec2:DescribeVolumes"}, []string{"ec2:CreateVolume"}, []string{"ec2:CreateSnapshot", "ec2:ModifyVolume", "ec2:DeleteVolume"}, false},
	"aws:ec2/volumeAttachment:VolumeAttachment":                 {inEC2 + "volume/vol-1", []string{"ec2:DescribeVolumes", "ec2:DescribeInstances"}, nil, []string{"ec2:AttachVolume", "ec2:DetachVolume"}, false},
	"aws:iam/role:Role":                                         {inIAM + "role/" + atPath + "r", []string{"iam:GetRole", "iam:ListRolePolicies", "iam:ListAttachedRolePolicies"}, []string{"iam:CreateRole"}, []string{"iam:UpdateAssumeRolePolicy", "iam:ListInstanceProfilesForRole", "iam:DeleteRole"}, false},
	"aws:iam/rolePolicy:RolePolicy":                             {inIAM + "role/" + atPath + "r", []string{"iam:GetRolePolicy"}, nil, []string{"iam:PutRolePolicy", "iam:DeleteRolePolicy"}, false},
	"aws:iam/rolePolicyAttachment:RolePolicyAttachment":         {inIAM + "role/" + atPath + "r", []string{"iam:ListAttachedRolePolicies"}, nil, []string{"iam:AttachRolePolicy", "iam:DetachRolePolicy"}, false},
	"aws:iam/policy:Policy":                                     {on: inIAM + "policy/lablink-boundary-test-us-west-2", reads: []string{"iam:GetPolicy", "iam:GetPolicyVersion"}, makes: []string{"iam:CreatePolicy"}, writes: []string{"iam:CreatePolicyVersion", "iam:DeletePolicy"}, engineer: true},
	"aws:iam/instanceProfile:InstanceProfile":                   {inIAM + "instance-profile/" + atPath + "p", []string{"iam:GetInstanceProfile"}, nil, []string{"iam:CreateInstanceProfile", "iam:AddRoleToInstanceProfile", "iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"}, false},
	"aws:s3/bucketV2:BucketV2":                                  bucketRight([]string{"s3:ListBucket", "s3:GetBucketPolicy", "s3:GetBucketTagging", "s3:GetLifecycleConfiguration"}, []string{"s3:CreateBucket", "s3:PutBucketTagging", "s3:DeleteBucket"}),
	"aws:s3/bucketVersioningV2:BucketVersioningV2":              bucketRight([]string{"s3:GetBucketVersioning"}, []string{"s3:PutBucketVersioning"}),
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":    bucketRight([]string{"s3:GetBucketPublicAccessBlock"}, []string{"s3:PutBucketPublicAccessBlock"}),
	"aws:s3/bucketPolicy:BucketPolicy":                          bucketRight([]string{"s3:GetBucketPolicy"}, []string{"s3:PutBucketPolicy", "s3:DeleteBucketPolicy"}),
	"aws:s3/bucketObjectv2:BucketObjectv2":                      {on: inBucket + "/releases/x", reads: []string{"s3:GetObject", "s3:GetObjectTagging"}, writes: []string{"s3:PutObject", "s3:PutObjectTagging", "s3:DeleteObject"}},
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": bucketRight([]string{"s3:GetEncryptionConfiguration"}, []string{"s3:PutEncryptionConfiguration"}),
	"aws:ssm/parameter:Parameter": {on: "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/test/release", reads: []string{"ssm:GetParameter", "ssm:ListTagsForResource"}, writes: []string{"ssm:PutParameter", "ssm:AddTagsToResource", "ssm:DeleteParameter"}},
	"aws:route53/record:Record":   {on: "arn:aws:route53:::hostedzone/Z0123456789", reads: []string{"route53:GetHostedZone", "route53:ListResourceRecordSets"}, writes: []string{"route53:ChangeResourceRecordSets"}},

	"aws:rds/instance:Instance":                           {inService("rds", "db:lablink-database-test"), []string{"rds:DescribeDBInstances", "rds:ListTagsForResource"}, []string{"rds:CreateDBInstance", "rds:AddTagsToResource"}, []string{"rds:ModifyDBInstance", "rds:DeleteDBInstance"}, false},
	"aws:rds/subnetGroup:SubnetGroup":                     {inService("rds", "subgrp:lablink-database-test"), []string{"rds:DescribeDBSubnetGroups"}, []string{"rds:CreateDBSubnetGroup"}, []string{"rds:ModifyDBSubnetGroup", "rds:DeleteDBSubnetGroup"}, false},
	"aws:rds/parameterGroup:ParameterGroup":               {inService("rds", "pg:lablink-postgres17-test"), []string{"rds:DescribeDBParameterGroups", "rds:DescribeDBParameters"}, []string{"rds:CreateDBParameterGroup"}, []string{"rds:ModifyDBParameterGroup", "rds:DeleteDBParameterGroup"}, false},
	"aws:lb/loadBalancer:LoadBalancer":                    {inService("elasticloadbalancing", "loadbalancer/app/lablink-people-test/1"), []string{"elasticloadbalancing:DescribeLoadBalancers", "elasticloadbalancing:DescribeLoadBalancerAttributes", "elasticloadbalancing:DescribeTags"}, []string{"elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:AddTags"}, []string{"elasticloadbalancing:ModifyLoadBalancerAttributes", "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:DeleteLoadBalancer"}, false},
	"aws:lb/targetGroup:TargetGroup":                      {inService("elasticloadbalancing", "targetgroup/lablink-people-hosts-test/1"), []string{"elasticloadbalancing:DescribeTargetGroups", "elasticloadbalancing:DescribeTargetGroupAttributes"}, []string{"elasticloadbalancing:CreateTargetGroup"}, []string{"elasticloadbalancing:ModifyTargetGroup", "elasticloadbalancing:DeleteTargetGroup"}, false},
	"aws:lb/listener:Listener":                            {inService("elasticloadbalancing", "listener/app/lablink-people-test/1/2"), []string{"elasticloadbalancing:DescribeListeners"}, []string{"elasticloadbalancing:AddTags"}, []string{"elasticloadbalancing:CreateListener", "elasticloadbalancing:ModifyListener", "elasticloadbalancing:DeleteListener"}, false},
	"aws:autoscaling/group:Group":                         {inService("autoscaling", "autoScalingGroup:u:autoScalingGroupName/lablink-allocator-test"), []string{"autoscaling:DescribeAutoScalingGroups"}, []string{"autoscaling:CreateAutoScalingGroup"}, []string{"autoscaling:UpdateAutoScalingGroup", "autoscaling:StartInstanceRefresh", "autoscaling:DeleteAutoScalingGroup"}, false},
	"aws:acm/certificate:Certificate":                     {inService("acm", "certificate/1"), []string{"acm:DescribeCertificate", "acm:ListTagsForCertificate"}, []string{"acm:RequestCertificate", "acm:ImportCertificate", "acm:AddTagsToCertificate"}, []string{"acm:DeleteCertificate"}, false},
	"aws:acm/certificateValidation:CertificateValidation": {on: inService("acm", "certificate/1"), reads: []string{"acm:DescribeCertificate"}},
	"aws:lb/targetGroupAttachment:TargetGroupAttachment":  {on: inService("elasticloadbalancing", "targetgroup/lablink-people-hosts-test/1"), reads: []string{"elasticloadbalancing:DescribeTargetHealth"}, writes: []string{"elasticloadbalancing:RegisterTargets", "elasticloadbalancing:DeregisterTargets"}},
	"aws:dlm/lifecyclePolicy:LifecyclePolicy":             {inService("dlm", "policy/policy-1"), []string{"dlm:GetLifecyclePolicy"}, []string{"dlm:CreateLifecyclePolicy", "dlm:TagResource"}, []string{"dlm:UpdateLifecyclePolicy", "dlm:DeleteLifecyclePolicy"}, false},
	"aws:sns/topic:Topic":                                 {inService("sns", "lablink-alarms-test"), []string{"sns:GetTopicAttributes", "sns:ListTagsForResource"}, []string{"sns:CreateTopic", "sns:TagResource"}, []string{"sns:SetTopicAttributes", "sns:DeleteTopic"}, false},
	"aws:sns/topicPolicy:TopicPolicy":                     {on: inService("sns", "lablink-alarms-test"), reads: []string{"sns:GetTopicAttributes"}, writes: []string{"sns:SetTopicAttributes"}},
	"aws:sns/topicSubscription:TopicSubscription":         {on: inService("sns", "lablink-alarms-test"), reads: []string{"sns:GetSubscriptionAttributes"}, writes: []string{"sns:Subscribe", "sns:Unsubscribe"}},
	"aws:cloudwatch/metricAlarm:MetricAlarm":              {inService("cloudwatch", "alarm:lablink-host-recovery-test"), []string{"cloudwatch:DescribeAlarms", "cloudwatch:ListTagsForResource"}, []string{"cloudwatch:PutMetricAlarm", "cloudwatch:TagResource"}, []string{"cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"}, false},
	"aws:cloudwatch/dashboard:Dashboard":                  {on: "arn:aws:cloudwatch::123456789012:dashboard/lablink-watch-test-us-west-2", reads: []string{"cloudwatch:GetDashboard"}, writes: []string{"cloudwatch:PutDashboard", "cloudwatch:DeleteDashboards"}},
	"aws:budgets/budget:Budget":                           {"arn:aws:budgets::123456789012:budget/lablink-budget-test-us-west-2", []string{"budgets:ViewBudget", "budgets:ListTagsForResource"}, []string{"budgets:ModifyBudget", "budgets:TagResource"}, []string{"budgets:ModifyBudget"}, false},
}

func inService(service, resource string) string {
	return "arn:aws:" + service + ":us-west-2:123456789012:" + resource
}

// A new type of resource is noticed here, and what a workflow needs for it.
func TestWorkflowsMayDoWhatEveryResourceNeeds(t *testing.T) {
	recorded := stackOf(t, "test").record(t)
	all := shapes(t)
	for _, stack := range []string{"local", "test", "prod"} {
		for _, engine := range []string{"sqlite", "postgres"} {
			all[stack+" with "+engine] = guarded(t, stack, engine)
		}
	}
	for what, recorded := range all {
		for _, r := range recorded.Records {
			if r.Module() == "aws" {
				assert.Contains(t, rights, r.Type, "%s of %s", r.Name, what)
			}
		}
	}
	for _, name := range templates(t) {
		recorded, err := templateOf(t, name).do(recording.Preview)
		require.NoError(t, err, name)
		for _, r := range recorded.Records {
			if r.Module() == "aws" {
				assert.Contains(t, rights, r.Type, "%s of %s", r.Name, name)
			}
		}
	}
	bounded := recorded.Named("host-role").Text("permissionsBoundary")
	// given is what a request of an environment has, to make something or to change it.
	given := func(tags, environment string) map[string][]string {
		return map[string][]string{
			tags + "lablink:deployment": {deployment}, tags + "lablink:environment": {environment}, "iam:PermissionsBoundary": {bounded},
			"route53:ChangeResourceRecordSetsNormalizedRecordNames": {"test.lab.example.org"},
		}
	}
	may := func(role, action, on string, context map[string][]string) bool {
		policies := policiesOf(t, recorded, "identity-"+role)
		return slices.ContainsFunc([]string{on, "*"}, func(resource string) bool {
			return iam.Evaluate(iam.Request{Action: action, Resource: resource, Context: context}, policies...) == iam.Allowed
		})
	}
	for typ, r := range rights {
		for role, environment := range map[string]string{"preview": "test", "drift": "test", "deploy": "test", "e2e": "test-e2e"} {
			deploys := (role == "deploy" || role == "e2e" && typ != "aws:route53/record:Record") && !r.engineer
			on := strings.NewReplacer("test", environment).Replace(r.on)
			made, own := given("aws:RequestTag/", environment), given("aws:ResourceTag/", environment)
			for _, action := range r.reads {
				assert.True(t, may(role, action, on, own), "%s: %s by %s", typ, action, role)
			}
			for _, action := range r.makes {
				assert.Equal(t, deploys, may(role, action, on, made), "%s: %s by %s", typ, action, role)
			}
			for _, action := range r.writes {
				if slices.Contains(r.reads, action) || action == "iam:ListInstanceProfilesForRole" {
					continue
				}
				assert.Equal(t, deploys, may(role, action, on, own), "%s: %s by %s", typ, action, role)
			}
		}
	}
}

// The table asks about names that the program gives.
func TestRightsAreAskedOfTheNamesThatThingsHave(t *testing.T) {
	for typ, input := range map[string]string{
		dbInstance: "identifier", "aws:rds/subnetGroup:SubnetGroup": "name", "aws:rds/parameterGroup:ParameterGroup": "name", "aws:sns/topic:Topic": "name",
		"aws:cloudwatch/metricAlarm:MetricAlarm": "name", "aws:cloudwatch/dashboard:Dashboard": "dashboardName", "aws:budgets/budget:Budget": "name",
		loadBalancer: "name", "aws:lb/targetGroup:TargetGroup": "name", scalingGroup: "name",
	} {
		things := append(guarded(t, "test", "postgres").Of(typ), several(t, "test").Of(typ)...)
		assert.True(t, slices.ContainsFunc(things, func(r recording.Record) bool {
			return slices.Contains(strings.FieldsFunc(rights[typ].on, func(c rune) bool { return c == '/' || c == ':' }), r.Text(input))
		}), "none of type %s is called as in %s", typ, rights[typ].on)
	}
}
