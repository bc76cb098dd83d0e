package identity

// The actions that deploying takes, by what they are asked for. AWS's Service
// Authorization Reference says which resources and tags each is checked with.
// IAM takes 10 240 characters of inline policy for a role and 6 144 of a managed
// policy, so the lists are short.
var (
	lists = []string{
		"ec2:Describe*", "iam:ListOpenIDConnectProviders", "iam:ListPolicies", "iam:ListRoles", "route53:ListHostedZones", "ssm:DescribeParameters", "sts:GetCallerIdentity",
	}
	// makes create something that carries the tags of the request.
	makes = []string{
		"ec2:AllocateAddress", "ec2:CreateInternetGateway", "ec2:CreateLaunchTemplate", "ec2:CreateRouteTable",
		"ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateVolume",
	}
	// changes touch what is there, or make something inside it.
	changes = []string{
		"ec2:AssociateAddress", "ec2:AssociateRouteTable", "ec2:AttachInternetGateway", "ec2:AttachVolume",
		"ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:CreateLaunchTemplateVersion", "ec2:CreateNatGateway", "ec2:CreateNetworkInterface", "ec2:CreateRoute", "ec2:CreateSnapshot",
		"ec2:CreateRouteTable", "ec2:CreateSecurityGroup", "ec2:CreateSubnet", "ec2:CreateTags", "ec2:CreateVpcEndpoint", "ec2:DeleteInternetGateway", "ec2:DeleteLaunchTemplate",
		"ec2:DeleteLaunchTemplateVersions", "ec2:DeleteNatGateway", "ec2:DeleteNetworkInterface", "ec2:DeleteRoute", "ec2:DeleteRouteTable", "ec2:DeleteSecurityGroup", "ec2:DeleteSubnet",
		"ec2:DeleteTags", "ec2:DeleteVolume", "ec2:DeleteVpc", "ec2:DeleteVpcEndpoints", "ec2:DetachInternetGateway", "ec2:DetachNetworkInterface", "ec2:DetachVolume",
		"ec2:DisassociateAddress", "ec2:DisassociateRouteTable", "ec2:ModifyInstanceAttribute", "ec2:ModifyInstanceMetadataOptions",
		"ec2:ModifyLaunchTemplate", "ec2:ModifyNetworkInterfaceAttribute", "ec2:ModifySecurityGroupRules", "ec2:ModifySubnetAttribute", "ec2:ModifyVolume",
		"ec2:ModifyVpcAttribute", "ec2:ModifyVpcEndpoint", "ec2:ReleaseAddress", "ec2:ReplaceRoute", "ec2:RevokeSecurityGroupEgress",
		"ec2:RevokeSecurityGroupIngress", "ec2:RunInstances", "ec2:StartInstances", "ec2:StopInstances", "ec2:TerminateInstances",
	}
	// parts are asked for a rule as well, or for the interface of a host without
	// an address that stays, which are made without tags.
	parts = []string{
		"ec2:AuthorizeSecurityGroupEgress", "ec2:AuthorizeSecurityGroupIngress", "ec2:ModifySecurityGroupRules", "ec2:RevokeSecurityGroupEgress", "ec2:RevokeSecurityGroupIngress", "ec2:RunInstances",
	}
	roleReads = []string{
		"iam:GetInstanceProfile", "iam:GetRole", "iam:GetRolePolicy", "iam:ListAttachedRolePolicies",
		"iam:ListInstanceProfilesForRole", "iam:ListRolePolicies",
	}
	policyReads = []string{"iam:GetPolicy", "iam:GetPolicyVersion", "iam:ListPolicyVersions"}
	roleWrites  = []string{
		"iam:AddRoleToInstanceProfile", "iam:CreateInstanceProfile", "iam:DeleteInstanceProfile", "iam:DeleteRole",
		"iam:RemoveRoleFromInstanceProfile", "iam:UpdateAssumeRolePolicy", "iam:UpdateRole", "iam:UpdateRoleDescription",
	}
	// boundedWrites give a role something, or take it: while it has the boundary.
	boundedWrites = []string{
		"iam:AttachRolePolicy", "iam:DeleteRolePolicy", "iam:DetachRolePolicy", "iam:PutRolePermissionsBoundary", "iam:PutRolePolicy",
	}
	policyWrites = []string{
		"iam:CreatePolicyVersion", "iam:DeletePolicy", "iam:DeletePolicyVersion", "iam:SetDefaultPolicyVersion",
	}
	itselfWrites = []string{
		"iam:AttachRolePolicy", "iam:Create*", "iam:Delete*", "iam:DetachRolePolicy", "iam:PassRole", "iam:Put*", "iam:TagRole", "iam:Update*",
	}
	zoneReads       = []string{"route53:GetHostedZone", "route53:ListResourceRecordSets", "route53:ListTagsForResource"}
	parameterReads  = []string{"ssm:GetParameter", "ssm:GetParameters", "ssm:ListTagsForResource"}
	parameterWrites = []string{"ssm:AddTagsToResource", "ssm:DeleteParameter", "ssm:PutParameter", "ssm:RemoveTagsFromResource"}
	// bucketReads are what pulumi-aws asks of a bucket, all of which it reads.
	bucketReads = []string{
		"s3:GetAccelerateConfiguration", "s3:GetBucket*", "s3:GetEncryptionConfiguration", "s3:GetLifecycleConfiguration",
		"s3:GetObject", "s3:GetObjectTagging", "s3:GetObjectVersion", "s3:GetReplicationConfiguration", "s3:ListBucket",
	}
	bucketWrites = []string{
		"s3:CreateBucket", "s3:DeleteBucket", "s3:DeleteBucketPolicy", "s3:ListBucketVersions", "s3:PutBucketPolicy",
		"s3:PutBucketPublicAccessBlock", "s3:PutBucketTagging", "s3:PutBucketVersioning", "s3:PutEncryptionConfiguration",
	}
	objectWrites = []string{"s3:AbortMultipartUpload", "s3:PutObject", "s3:PutObjectTagging"}
	// objectDeletes empty a bucket before it is deleted. A release itself is retained.
	objectDeletes = []string{"s3:DeleteObject", "s3:DeleteObjectVersion"}
)
