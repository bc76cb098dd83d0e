package guardrail

// The types that rules are about.
const (
	instance       = "aws:ec2/instance:Instance"
	template       = "aws:ec2/launchTemplate:LaunchTemplate"
	volume         = "aws:ebs/volume:Volume"
	securityGroup  = "aws:ec2/securityGroup:SecurityGroup"
	ingress        = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	oldRule        = "aws:ec2/securityGroupRule:SecurityGroupRule"
	networkCard    = "aws:ec2/networkInterface:NetworkInterface"
	address        = "aws:ec2/eip:Eip"
	scalingGroup   = "aws:autoscaling/group:Group"
	loadBalancer   = "aws:lb/loadBalancer:LoadBalancer"
	listener       = "aws:lb/listener:Listener"
	recipe         = "aws:imagebuilder/imageRecipe:ImageRecipe"
	infrastructure = "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration"
	distribution   = "aws:imagebuilder/distributionConfiguration:DistributionConfiguration"

	bucket           = "aws:s3/bucketV2:BucketV2"
	bucketAccess     = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
	bucketVersioning = "aws:s3/bucketVersioningV2:BucketVersioningV2"
	bucketEncryption = "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2"
	bucketObject     = "aws:s3/bucketObjectv2:BucketObjectv2"
	bucketPolicy     = "aws:s3/bucketPolicy:BucketPolicy"

	role           = "aws:iam/role:Role"
	rolePolicy     = "aws:iam/rolePolicy:RolePolicy"
	roleAttachment = "aws:iam/rolePolicyAttachment:RolePolicyAttachment"
	managedPolicy  = "aws:iam/policy:Policy"
	profile        = "aws:iam/instanceProfile:InstanceProfile"
	oidcProvider   = "aws:iam/openIdConnectProvider:OpenIdConnectProvider"
	key            = "aws:kms/key:Key"
	parameter      = "aws:ssm/parameter:Parameter"

	dbInstance     = "aws:rds/instance:Instance"
	dbParameters   = "aws:rds/parameterGroup:ParameterGroup"
	snapshotPolicy = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
	topic          = "aws:sns/topic:Topic"
	topicPolicy    = "aws:sns/topicPolicy:TopicPolicy"

	route53Record     = "aws:route53/record:Record"
	cloudflareRecord  = "cloudflare:index/record:Record"
	originCertificate = "cloudflare:index/originCaCertificate:OriginCaCertificate"
)

// hostTemplate is the name of the launch template of hosts, where there are
// several; the others are those of the allocator's machines.
const hostTemplate = "host-template"
