package program_test

const (
	instance       = "aws:ec2/instance:Instance"
	template       = "aws:ec2/launchTemplate:LaunchTemplate"
	volume         = "aws:ebs/volume:Volume"
	recipe         = "aws:imagebuilder/imageRecipe:ImageRecipe"
	infrastructure = "aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration"
	group          = "aws:ec2/securityGroup:SecurityGroup"
	ingress        = "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule"
	iface          = "aws:ec2/networkInterface:NetworkInterface"
	loadBalancer   = "aws:lb/loadBalancer:LoadBalancer"
	listener       = "aws:lb/listener:Listener"
	scalingGroup   = "aws:autoscaling/group:Group"

	role       = "aws:iam/role:Role"
	rolePolicy = "aws:iam/rolePolicy:RolePolicy"
	managed    = "aws:iam/policy:Policy"
	bucket     = "aws:s3/bucketV2:BucketV2"

	dbInstance     = "aws:rds/instance:Instance"
	snapshotPolicy = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
	topicPolicy    = "aws:sns/topicPolicy:TopicPolicy"
)
