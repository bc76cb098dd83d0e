package identity

import (
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/infra/watch"
)

// The actions of the services beside EC2, S3, SSM, IAM and Route 53: databases,
// load balancers, groups of hosts, certificates, snapshots, messages, alarms and
// budgets. Images are the account's. What is made carries the tags of the request, and mostly the
// deployment's name; what is changed has the environment's tags already.
var (
	serviceLists = []string{
		"acm:ListCertificates", "autoscaling:Describe*", "cloudwatch:DescribeAlarms", "dlm:ListTagsForResource", "elasticloadbalancing:Describe*",
		"logs:DescribeLogGroups", "rds:Describe*", "sns:ListTopics",
	}
	serviceReads = []string{
		"acm:DescribeCertificate", "acm:ListTagsForCertificate", "budgets:ListTagsForResource", "budgets:ViewBudget", "cloudwatch:GetDashboard",
		"cloudwatch:ListTagsForResource", "dlm:GetLifecyclePolicy", "logs:ListTagsForResource", "rds:ListTagsForResource",
		"sns:GetSubscriptionAttributes", "sns:GetTopicAttributes", "sns:ListSubscriptionsByTopic", "sns:ListTagsForResource",
	}
	serviceMakes = []string{
		"acm:AddTagsToCertificate", "acm:ImportCertificate", "acm:RequestCertificate", "autoscaling:CreateAutoScalingGroup", "autoscaling:CreateOrUpdateTags",
		"budgets:ModifyBudget", "budgets:TagResource", "cloudwatch:PutMetricAlarm", "cloudwatch:TagResource", "dlm:CreateLifecyclePolicy", "dlm:TagResource",
		"elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener", "elasticloadbalancing:CreateLoadBalancer", "elasticloadbalancing:CreateTargetGroup",
		"logs:CreateLogGroup", "logs:TagResource", "rds:AddTagsToResource", "rds:CreateDBInstance",
		"rds:CreateDBParameterGroup", "rds:CreateDBSubnetGroup", "sns:CreateTopic", "sns:TagResource",
	}
	serviceChanges = []string{
		"acm:AddTagsToCertificate", "acm:DeleteCertificate", "acm:ImportCertificate", "acm:RemoveTagsFromCertificate", "autoscaling:AttachLoadBalancerTargetGroups",
		"autoscaling:CreateOrUpdateTags", "autoscaling:Delete*", "autoscaling:DetachLoadBalancerTargetGroups",
		"autoscaling:PutLifecycleHook", "autoscaling:PutScalingPolicy", "autoscaling:StartInstanceRefresh", "autoscaling:UpdateAutoScalingGroup", "budgets:ModifyBudget",
		"budgets:UntagResource", "cloudwatch:DeleteAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:UntagResource", "dlm:DeleteLifecyclePolicy",
		"dlm:UntagResource", "dlm:UpdateLifecyclePolicy", "elasticloadbalancing:AddTags", "elasticloadbalancing:CreateListener", "elasticloadbalancing:Delete*",
		"elasticloadbalancing:DeregisterTargets", "elasticloadbalancing:Modify*", "elasticloadbalancing:RegisterTargets", "elasticloadbalancing:RemoveTags", "elasticloadbalancing:SetSecurityGroups", "elasticloadbalancing:SetSubnets",
		"logs:DeleteLogGroup",
		"logs:PutRetentionPolicy", "logs:UntagResource", "rds:AddTagsToResource", "rds:CreateDBInstance", "rds:CreateDBSnapshot", "rds:DeleteDB*",
		"rds:ModifyDB*", "rds:RebootDBInstance", "rds:RemoveTagsFromResource", "sns:DeleteTopic", "sns:SetTopicAttributes", "sns:Subscribe",
		"sns:Unsubscribe", "sns:UntagResource",
	}
	// dashboards take no tags: their names are all that they go by.
	dashboardWrites = []string{"cloudwatch:DeleteDashboards", "cloudwatch:PutDashboard"}
)

// lookServices reads what is there.
func lookServices(n naming.Namer) policy.Document {
	return policy.Document{
		{Sid: "ListServices", Action: serviceLists, Resource: []string{"*"}}, // AWS gives these no resource
		{Sid: "ReadServices", Action: serviceReads, Resource: append(serviceARNs(n, "*", "*"), dashboardARN(n))},
	}
}

// DeployServices is what an update needs of those services: to read, and to make
// and change what carries this environment's tags.
func DeployServices(n naming.Namer) policy.Document {
	return append(lookServices(n), policy.Document{
		// What is left after the end of an environment is looked for by tags and paths.
		{Sid: "SeeThatNothingIsLeft", Action: []string{"iam:ListInstanceProfiles", "tag:GetResources"}, Resource: []string{"*"}},
		{Sid: "MakeInServices", Action: serviceMakes, Resource: serviceARNs(n, n.Deployment+"-*", n.LoadBalancers()), Condition: policy.Tagged("aws:RequestTag/", n.OwnTags())},
		{Sid: "ChangeInServices", Action: serviceChanges, Resource: serviceARNs(n, "*", "*"), Condition: policy.Tagged("aws:ResourceTag/", n.OwnTags())},
		{Sid: "Dashboards", Action: dashboardWrites, Resource: []string{dashboardARN(n)}},
		// An instance is made with AWS's own group of options, which has no tags, and
		// RDS makes the secret with its password in the name of who asks.
		{Sid: "DatabaseOptions", Action: []string{"rds:CreateDBInstance", "rds:ModifyDBInstance"}, Resource: []string{n.ARN("rds", "og:default:*")}},
		{Sid: "DatabasePassword", Action: []string{"kms:DescribeKey", "secretsmanager:CreateSecret", "secretsmanager:TagResource"}, Resource: []string{
			n.ARN("kms", "key/*"), n.ARN("secretsmanager", "secret:rds!*"),
		}},
		// The roles that these services act under are AWS's own.
		{Sid: "ServiceRoles", Action: []string{"iam:CreateServiceLinkedRole"}, Resource: []string{"arn:aws:iam::" + n.AccountID + ":role/aws-service-role/*"}, Condition: policy.Condition{
			"StringEquals": {"iam:AWSServiceName": {"autoscaling.amazonaws.com", "elasticloadbalancing.amazonaws.com", "rds.amazonaws.com", "spot.amazonaws.com"}},
		}},
		{Sid: "HandOverToServices", Action: []string{"iam:PassRole"}, Resource: []string{n.MachineRoleARN("*")}, Condition: policy.Condition{
			"StringEquals": {"iam:PassedToService": {"dlm.amazonaws.com"}},
		}},
	}...)
}

func dashboardARN(n naming.Namer) string {
	return "arn:aws:cloudwatch::" + n.AccountID + ":dashboard/" + watch.DashboardName(n)
}

// serviceARNs are the things of the services that a name fits; those whose names
// AWS makes up are all in.
func serviceARNs(n naming.Namer, name, balancer string) []string {
	return []string{
		n.ARN("acm", "certificate/*"), n.ARN("autoscaling", "autoScalingGroup:*:autoScalingGroupName/"+name),
		"arn:aws:budgets::" + n.AccountID + ":budget/" + name, n.ARN("cloudwatch", "alarm:"+name), n.ARN("dlm", "policy/*"),
		n.ARN("elasticloadbalancing", "*/"+balancer), n.ARN("logs", "log-group:*"+name),
		n.ARN("rds", "*:"+name), n.ARN("sns", name),
	}
}
