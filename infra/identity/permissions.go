package identity

import (
	"strings"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
)

// Look is what a preview needs: to read what is deployed, and no secret.
func Look(n naming.Namer) policy.Document {
	return append(read(n), policy.Statement{
		Sid: "NoSecrets", Deny: true, Resource: []string{n.ParameterARN("secret/*")},
		Action: []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:GetParameterHistory"},
	})
}

func read(n naming.Namer) policy.Document {
	return policy.Document{
		{
			Sid: "Look", Resource: []string{"*"}, // these actions name no resource, or any name that a plan may ask for
			Action: []string{
				"ec2:Describe*", "iam:GetRole", "iam:GetRolePolicy", "iam:GetInstanceProfile", "iam:ListRolePolicies",
				"iam:ListAttachedRolePolicies", "iam:GetOpenIDConnectProvider", "iam:ListOpenIDConnectProviders",
				"route53:GetHostedZone", "route53:ListHostedZones", "route53:ListResourceRecordSets",
				"route53:ListTagsForResource", "ssm:DescribeParameters", "ssm:ListTagsForResource", "kms:DescribeKey",
				"sts:GetCallerIdentity",
			},
		},
		{Sid: "ReadParameters", Action: []string{"ssm:GetParameter", "ssm:GetParameters"}, Resource: []string{
			n.ParameterARN("*"), "arn:aws:ssm:" + n.Region + "::parameter/aws/service/*",
		}},
		{Sid: "ReadBuckets", Action: bucketReads, Resource: bucketARNs(n)},
	}
}

// Deploy is what an update needs: everything that this deployment is made of,
// by its names and tags where the action allows it.
func Deploy(n naming.Namer) policy.Document {
	return append(read(n),
		policy.Statement{Sid: "Network", Action: networkWrites, Resource: []string{n.ARN("ec2", "*")}},
		policy.Statement{Sid: "Images", Action: []string{"ec2:RunInstances"}, Resource: []string{"arn:aws:ec2:" + n.Region + "::image/*"}},
		policy.Statement{Sid: "Roles", Action: roleWrites, Resource: []string{
			n.RoleARN(n.Deployment + "-*"), "arn:aws:iam::" + n.AccountID + ":instance-profile/" + n.Deployment + "-*",
		}},
		policy.Statement{
			Sid: "HandOverRoles", Action: []string{"iam:PassRole"}, Resource: []string{n.RoleARN(n.Deployment + "-*")},
			Condition: policy.Condition{"StringEquals": {"iam:PassedToService": {"ec2.amazonaws.com"}}},
		},
		policy.Statement{Sid: "NotItself", Deny: true, Action: roleWrites, Resource: []string{
			n.RoleARN(n.IAM("preview", naming.MaxRole)), n.RoleARN(n.IAM("drift", naming.MaxRole)), n.RoleARN(n.IAM("deploy", naming.MaxRole)),
		}},
		policy.Statement{Sid: "Parameters", Action: []string{
			"ssm:PutParameter", "ssm:DeleteParameter", "ssm:AddTagsToResource", "ssm:RemoveTagsFromResource",
		}, Resource: []string{n.ParameterARN("*")}},
		policy.Statement{Sid: "Buckets", Action: bucketWrites, Resource: bucketARNs(n)},
		policy.Statement{Sid: "Records", Action: []string{"route53:ChangeResourceRecordSets"}, Resource: []string{"arn:aws:route53:::hostedzone/*"}},
		policy.Statement{Sid: "Changes", Action: []string{"route53:GetChange"}, Resource: []string{"arn:aws:route53:::change/*"}},
	)
}

var (
	networkWrites = []string{
		"ec2:AllocateAddress", "ec2:AssociateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway", "ec2:AttachVolume",
		"ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateInternetGateway", "ec2:CreateLaunchTemplate",
		"ec2:CreateLaunchTemplateVersion", "ec2:CreateRoute", "ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet",
		"ec2:CreateTags", "ec2:CreateVolume", "ec2:CreateVpc", "ec2:CreateVpcEndpoint", "ec2:DeleteInternetGateway",
		"ec2:DeleteLaunchTemplate", "ec2:DeleteRoute", "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet",
		"ec2:DeleteTags", "ec2:DeleteVolume", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:DetachInternetGateway", "ec2:DetachVolume",
		"ec2:DisassociateAddress", "ec2:DisassociateRouteTable", "ec2:ModifyInstanceAttribute", "ec2:ModifyInstanceMetadataOptions",
		"ec2:ModifyLaunchTemplate", "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute", "ec2:ModifyVolume",
		"ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint", "ec2:ReleaseAddress", "ec2:ReplaceRoute", "ec2:RevokeSecurityGroupEgress",
		"ec2:RevokeSecurityGroupIngress", "ec2:RunInstances", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances",
	}
	roleWrites = []string{
		"iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:CreateRole", "iam:DeleteInstanceProfile", "iam:DeleteRole",
		"iam:DeleteRolePolicy", "iam:PutRolePolicy", "iam:RemoveRoleFromInstanceProfile", "iam:TagInstanceProfile", "iam:TagRole",
		"iam:UntagInstanceProfile", "iam:UntagRole", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole",
	}
	bucketReads = []string{
		"s3:GetBucketLocation", "s3:GetBucketPolicy", "s3:GetBucketPublicAccessBlock", "s3:GetBucketTagging", "s3:GetBucketVersioning",
		"s3:GetEncryptionConfiguration", "s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:ListBucket",
	}
	bucketWrites = []string{
		"s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:DeleteObject", "s3:DeleteObjectVersion",
		"s3:ListBucketVersions", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning",
		"s3:PutEncryptionConfiguration", "s3:PutObject", "s3:PutObjectTagging",
	}
)

func bucketARNs(n naming.Namer) []string {
	arn := "arn:aws:s3:::" + n.Bucket("artifacts")
	return []string{arn, arn + "/*"}
}

// state gives access to the state of stacks, when values name its bucket and
// key. Reading takes no lock, so that looking never writes.
func state(values []string, write bool) policy.Document {
	if len(values) < 2 {
		return nil
	}
	objects := []string{"s3:GetObject"}
	keys := []string{"kms:Decrypt"}
	if write {
		objects = append(objects, "s3:PutObject", "s3:DeleteObject")
		keys = append(keys, "kms:Encrypt", "kms:GenerateDataKey")
	}
	bucket := "arn:aws:s3:::" + values[0]
	return policy.Document{
		{Sid: "StateBucket", Action: []string{"s3:ListBucket"}, Resource: []string{bucket}},
		{Sid: "StateObjects", Action: objects, Resource: []string{bucket + "/*"}},
		{Sid: "StateKey", Action: keys, Resource: []string{values[1]}},
	}
}

func split(repository string) (owner, name string) {
	owner, name, _ = strings.Cut(repository, "/")
	return owner, name
}
