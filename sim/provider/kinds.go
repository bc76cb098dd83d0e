package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ebs"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ec2"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/iam"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/kms"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/route53"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/s3"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/ssm"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/vpc"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

type account = cloud.Account

// kinds are the types of resources that there are.
var kinds = map[string]kind{
	// Network.
	"aws:ec2/vpc:Vpc": define(ec2.VpcArgs{}, ec2.Vpc{}, traits{Replace: []string{"cidrBlock"}},
		operations[cloud.VPC]{(*account).CreateVPC, (*account).VPC, (*account).UpdateVPC, (*account).DeleteVPC}),
	"aws:ec2/subnet:Subnet": define(ec2.SubnetArgs{}, ec2.Subnet{}, traits{Replace: []string{"vpcId", "cidrBlock", "availabilityZone"}},
		operations[cloud.Subnet]{(*account).CreateSubnet, (*account).Subnet, (*account).UpdateSubnet, (*account).DeleteSubnet}),
	"aws:ec2/internetGateway:InternetGateway": define(ec2.InternetGatewayArgs{}, ec2.InternetGateway{}, traits{},
		operations[cloud.InternetGateway]{(*account).CreateInternetGateway, (*account).InternetGateway, (*account).UpdateInternetGateway, (*account).DeleteInternetGateway}),
	"aws:ec2/routeTable:RouteTable": define(ec2.RouteTableArgs{}, ec2.RouteTable{}, traits{Replace: []string{"vpcId"}},
		operations[cloud.RouteTable]{(*account).CreateRouteTable, (*account).RouteTable, (*account).UpdateRouteTable, (*account).DeleteRouteTable}),
	"aws:ec2/route:Route": define(ec2.RouteArgs{}, ec2.Route{}, traits{Replace: []string{"routeTableId", "destinationCidrBlock"}, ImportID: routeID},
		operations[cloud.Route]{(*account).CreateRoute, (*account).Route, (*account).UpdateRoute, (*account).DeleteRoute}),
	"aws:ec2/routeTableAssociation:RouteTableAssociation": define(ec2.RouteTableAssociationArgs{}, ec2.RouteTableAssociation{}, traits{Replace: []string{"subnetId"}, ImportID: associationID},
		operations[cloud.RouteTableAssociation]{(*account).CreateRouteTableAssociation, (*account).RouteTableAssociation, (*account).UpdateRouteTableAssociation, (*account).DeleteRouteTableAssociation}),
	"aws:ec2/vpcEndpoint:VpcEndpoint": define(ec2.VpcEndpointArgs{}, ec2.VpcEndpoint{}, traits{Replace: []string{"vpcId", "serviceName", "vpcEndpointType"}},
		operations[cloud.VPCEndpoint]{(*account).CreateVPCEndpoint, (*account).VPCEndpoint, (*account).UpdateVPCEndpoint, (*account).DeleteVPCEndpoint}),
	"aws:ec2/securityGroup:SecurityGroup": define(ec2.SecurityGroupArgs{}, ec2.SecurityGroup{},
		traits{Replace: []string{"name", "description", "vpcId"}, Name: autoname{Property: "name"}},
		operations[cloud.SecurityGroup]{(*account).CreateSecurityGroup, (*account).SecurityGroup, (*account).UpdateSecurityGroup, (*account).DeleteSecurityGroup}),
	"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule": define(vpc.SecurityGroupIngressRuleArgs{}, vpc.SecurityGroupIngressRule{}, ruleTraits,
		operations[cloud.SecurityGroupRule]{createRule(false), readRule(false), (*account).UpdateSecurityGroupRule, (*account).DeleteSecurityGroupRule}),
	"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule": define(vpc.SecurityGroupEgressRuleArgs{}, vpc.SecurityGroupEgressRule{}, ruleTraits,
		operations[cloud.SecurityGroupRule]{createRule(true), readRule(true), (*account).UpdateSecurityGroupRule, (*account).DeleteSecurityGroupRule}),

	// Compute.
	"aws:ec2/instance:Instance": define(ec2.InstanceArgs{}, ec2.Instance{}, traits{
		Replace: []string{"ami", "subnetId", "privateIp", "associatePublicIpAddress", "rootBlockDevice.encrypted"},
	}, operations[cloud.Instance]{(*account).CreateInstance, liveInstance, (*account).UpdateInstance, endInstance}),
	"aws:ec2/eip:Eip": define(ec2.EipArgs{}, ec2.Eip{}, traits{Replace: []string{"domain"}},
		operations[cloud.EIP]{(*account).CreateEIP, (*account).EIP, (*account).UpdateEIP, (*account).DeleteEIP}),
	"aws:ec2/eipAssociation:EipAssociation": define(ec2.EipAssociationArgs{}, ec2.EipAssociation{}, traits{},
		operations[cloud.EIPAssociation]{(*account).CreateEIPAssociation, (*account).EIPAssociation, nil, (*account).DeleteEIPAssociation}),
	"aws:ebs/volume:Volume": define(ebs.VolumeArgs{}, ebs.Volume{}, traits{Replace: []string{"availabilityZone", "encrypted", "kmsKeyId"}},
		operations[cloud.Volume]{(*account).CreateVolume, (*account).Volume, (*account).UpdateVolume, (*account).DeleteVolume}),
	"aws:ec2/volumeAttachment:VolumeAttachment": define(ec2.VolumeAttachmentArgs{}, ec2.VolumeAttachment{},
		traits{Replace: []string{"deviceName", "instanceId", "volumeId"}, ImportID: attachmentID},
		operations[cloud.VolumeAttachment]{(*account).CreateVolumeAttachment, (*account).VolumeAttachment, (*account).UpdateVolumeAttachment, (*account).DeleteVolumeAttachment}),
	"aws:ec2/launchTemplate:LaunchTemplate": define(ec2.LaunchTemplateArgs{}, ec2.LaunchTemplate{},
		traits{Replace: []string{"name"}, Name: autoname{Property: "name", Max: 125}, Changes: []string{"latestVersion", "defaultVersion"}},
		operations[cloud.LaunchTemplate]{(*account).CreateLaunchTemplate, (*account).LaunchTemplate, (*account).UpdateLaunchTemplate, (*account).DeleteLaunchTemplate}),

	// Identity.
	"aws:iam/role:Role": define(iam.RoleArgs{}, iam.Role{}, traits{Replace: []string{"name", "path"}, Name: autoname{Property: "name", Max: 64}},
		operations[cloud.Role]{(*account).CreateRole, (*account).Role, (*account).UpdateRole, (*account).DeleteRole}),
	"aws:iam/rolePolicy:RolePolicy": define(iam.RolePolicyArgs{}, iam.RolePolicy{}, traits{Replace: []string{"name", "role"}, Name: autoname{Property: "name"}},
		operations[cloud.RolePolicy]{(*account).PutRolePolicy, (*account).RolePolicy,
			func(a *account, _ string, p *cloud.RolePolicy) error { return a.PutRolePolicy(p) }, (*account).DeleteRolePolicy}),
	"aws:iam/instanceProfile:InstanceProfile": define(iam.InstanceProfileArgs{}, iam.InstanceProfile{}, traits{Replace: []string{"name", "path"}, Name: autoname{Property: "name"}},
		operations[cloud.InstanceProfile]{(*account).CreateInstanceProfile, (*account).InstanceProfile, (*account).UpdateInstanceProfile, (*account).DeleteInstanceProfile}),
	"aws:iam/openIdConnectProvider:OpenIdConnectProvider": define(iam.OpenIdConnectProviderArgs{}, iam.OpenIdConnectProvider{}, traits{Replace: []string{"url"}},
		operations[cloud.OIDCProvider]{(*account).CreateOIDCProvider, (*account).OIDCProvider, (*account).UpdateOIDCProvider, (*account).DeleteOIDCProvider}),

	// Storage.
	"aws:s3/bucketV2:BucketV2": define(s3.BucketV2Args{}, s3.BucketV2{}, traits{Replace: []string{"bucket"}, Name: autoname{Property: "bucket", Max: 63}},
		operations[cloud.Bucket]{(*account).CreateBucket, (*account).Bucket, (*account).UpdateBucket, (*account).DeleteBucket}),
	"aws:s3/bucketVersioningV2:BucketVersioningV2":                                               bucketSetting[cloud.BucketVersioning](s3.BucketVersioningV2Args{}, s3.BucketVersioningV2{}),
	"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2": bucketSetting[cloud.BucketEncryption](s3.BucketServerSideEncryptionConfigurationV2Args{}, s3.BucketServerSideEncryptionConfigurationV2{}),
	"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock":                                     bucketSetting[cloud.PublicAccessBlock](s3.BucketPublicAccessBlockArgs{}, s3.BucketPublicAccessBlock{}),
	"aws:s3/bucketPolicy:BucketPolicy":                                                           bucketSetting[cloud.BucketPolicy](s3.BucketPolicyArgs{}, s3.BucketPolicy{}),
	"aws:s3/bucketObjectv2:BucketObjectv2":                                                       object,

	// Parameters and keys.
	"aws:ssm/parameter:Parameter": define(ssm.ParameterArgs{}, ssm.Parameter{},
		traits{Replace: []string{"name"}, Name: autoname{Property: "name"}, Secret: []string{"value"}, Changes: []string{"version"}},
		operations[cloud.Parameter]{(*account).CreateParameter, (*account).Parameter, (*account).UpdateParameter, (*account).DeleteParameter}),
	"aws:kms/key:Key": define(kms.KeyArgs{}, kms.Key{}, traits{},
		operations[cloud.Key]{(*account).CreateKey, (*account).Key, (*account).UpdateKey, (*account).DeleteKey}),
	"aws:kms/alias:Alias": define(kms.AliasArgs{}, kms.Alias{}, traits{Replace: []string{"name"}, Name: autoname{Property: "name", Max: 238}},
		operations[cloud.Alias]{(*account).CreateAlias, (*account).Alias, (*account).UpdateAlias, (*account).DeleteAlias}),

	// Names.
	"aws:route53/record:Record": define(route53.RecordArgs{}, route53.Record{}, traits{Replace: []string{"zoneId", "name"}},
		operations[cloud.Record]{(*account).CreateRecord, (*account).Record, (*account).UpdateRecord, (*account).DeleteRecord}),
}

var ruleTraits = traits{Replace: []string{"securityGroupId"}}

func createRule(egress bool) func(*account, *cloud.SecurityGroupRule) error {
	return func(a *account, r *cloud.SecurityGroupRule) error { return a.CreateSecurityGroupRule(r, egress) }
}

func readRule(egress bool) func(*account, string) (*cloud.SecurityGroupRule, error) {
	return func(a *account, id string) (*cloud.SecurityGroupRule, error) { return a.SecurityGroupRule(id, egress) }
}
