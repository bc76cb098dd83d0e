package preview

// How long it takes. What only a deployment to AWS could measure is called an
// estimate.
const (
	nothing  = "not at all"
	moment   = "seconds (estimate)"
	minutes  = "3 to 6 minutes (estimate: the old instance ends, another one starts and boots)"
	restart  = "2 to 4 minutes (estimate: the instance stops and starts)"
	forGood  = "for good"
	withHost = "as long as the host's replacement"
	goesOn   = "Seats stay held, machines run on and connect again by themselves"
	tillEnd  = "until they are replaced: end the workshops first"
)

type row struct {
	typ      string
	ops      []string
	property string // the property whose change has the effect; "" for any
	Effect
}

var (
	replaced = []string{"replace"}
	deleted  = []string{"delete"}
	gone     = []string{"replace", "delete"}
	changed  = []string{"update"}
)

// effects is by type; the first row that fits counts.
var effects = []row{
	{"aws:ebs/volume:Volume", replaced, "snapshotId", Effect{"the allocator's data: workshops, seats and certificates are those of {snapshotId}. What came since is on the volume that it replaces, and on the last snapshot of that", "", forGood, true}},
	{"aws:ebs/volume:Volume", replaced, "", Effect{"the allocator's data: a new volume is empty. Workshops, seats and certificates are those of the last snapshot, once somebody restores it", "", forGood, true}},
	{"aws:ebs/volume:Volume", deleted, "", Effect{"the allocator's data: workshops, seats, certificates", "", forGood, true}},
	{"aws:rds/instance:Instance", gone, "", Effect{"the allocator and its data: another database is empty until a snapshot is restored", "", forGood, true}},
	{"aws:s3/bucketV2:BucketV2", gone, "", Effect{"what the bucket holds: releases or state", "", forGood, true}},
	{"aws:kms/key:Key", gone, "", Effect{"all that is encrypted with the key", "", forGood, true}},
	{"aws:ec2/eip:Eip", gone, "", Effect{"the public address: names made by hand and links to the address lead nowhere", "", forGood, true}},

	{"aws:ec2/instance:Instance", deleted, "", Effect{"the allocator, until another host that this change makes has booted", "", "for good, where it makes none", false}},
	{"aws:ec2/instance:Instance", replaced, "", Effect{"the allocator: pages, joining and desktops", goesOn, minutes, false}},
	{"aws:ec2/instance:Instance", changed, "instanceType", Effect{"the allocator: pages, joining and desktops. The instance is stopped and started with its volumes and addresses", goesOn, restart, false}},
	{"aws:ec2/volumeAttachment:VolumeAttachment", replaced, "", Effect{"the allocator, with its host", "", withHost, false}},
	{"aws:ec2/networkInterface:NetworkInterface", gone, "", Effect{"running machines: they dial the allocator's old private address and do not come back", "", tillEnd, false}},
	{"aws:ec2/eipAssociation:EipAssociation", replaced, "", Effect{"the way in by the public address", "", moment, false}},
	{"aws:autoscaling/group:Group", deleted, "", Effect{"the allocator, until another host that this change makes has booted", "", "for good, where it makes none", false}},
	{"aws:autoscaling/group:Group", replaced, "", Effect{"the allocator: all its hosts end and others start", goesOn, minutes, false}},

	{"aws:route53/record:Record", gone, "", Effect{"the old name: links with it lead nowhere. Machines that run check the allocator's certificate for the old name and do not come back: end the workshops first", "", forGood, false}},
	{"cloudflare:index/record:Record", gone, "", Effect{"the old name: links with it lead nowhere. Machines that run check the allocator's certificate for the old name and do not come back: end the workshops first", "", forGood, false}},
	{"aws:route53/record:Record", changed, "records[0]", Effect{"people who were told the old address by DNS", "", "up to 5 minutes (the record's TTL)", false}},
	{"cloudflare:index/record:Record", changed, "content", Effect{"people who were told the old address by DNS", "", "up to 5 minutes (the record's TTL)", false}},
	{"aws:acm/certificate:Certificate", gone, "", Effect{"nothing: the old certificate stands until the new one is issued", "", nothing, false}},
	{"cloudflare:index/originCaCertificate:OriginCaCertificate", gone, "", Effect{"running machines, which trust the old certificate alone", "", tillEnd, false}},

	{"aws:lb/loadBalancer:LoadBalancer", gone, "", Effect{"pages and desktops, and running machines, which dial the old load balancer", "", "3 to 5 minutes (estimate), running machines " + tillEnd, false}},
	{"aws:lb/targetGroup:TargetGroup", replaced, "", Effect{"pages and desktops, until the hosts are found healthy", "", "under a minute (estimate)", false}},
	{"aws:lb/targetGroupAttachment:TargetGroupAttachment", replaced, "", Effect{"pages and desktops, until the host is found healthy", "", "under a minute (estimate)", false}},
	{"aws:lb/listener:Listener", replaced, "", Effect{"pages and desktops", "", moment, false}},

	{"aws:ec2/vpc:Vpc", gone, "", Effect{"the whole environment: all that stands in the network is made anew, and running machines end with it", "", minutes + ", and the workshops", false}},
	{"aws:ec2/subnet:Subnet", gone, "", Effect{"all that stands in the subnet; AWS refuses to delete it while machines run in it", "", tillEnd, false}},
	{"aws:ec2/natGateway:NatGateway", replaced, "", Effect{"what machines fetch from the internet", "", "1 to 3 minutes (estimate)", false}},
	{"aws:ec2/internetGateway:InternetGateway", replaced, "", Effect{"the way to and from the internet", "", moment, false}},
	{"aws:ec2/route:Route", replaced, "", Effect{"the way to the route's destination", "", moment, false}},
	{"aws:ec2/securityGroup:SecurityGroup", gone, "", Effect{"running machines in the old group are not let in any more", "", tillEnd, false}},
	{"aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule", replaced, "", Effect{"new connections that the rule lets in", "", moment, false}},
	{"aws:vpc/securityGroupEgressRule:SecurityGroupEgressRule", replaced, "", Effect{"new connections that the rule lets out", "", moment, false}},

	{"aws:ec2/routeTable:RouteTable", replaced, "", Effect{"the way out of the table's subnets", "", moment, false}},
	{"aws:ec2/routeTableAssociation:RouteTableAssociation", replaced, "", Effect{"the way out of the subnet", "", moment, false}},
	{"aws:ec2/vpcEndpoint:VpcEndpoint", replaced, "", Effect{"the short way to S3; what fetches meanwhile tries again", "", moment, false}},
	{"aws:rds/subnetGroup:SubnetGroup", replaced, "", Effect{"the database, which cannot move to another group as it is", "", "until it is restored from a snapshot", false}},
	{"aws:rds/parameterGroup:ParameterGroup", replaced, "", Effect{"the database, which restarts for another group", "", "under a minute (estimate)", false}},
	{"aws:iam/openIdConnectProvider:OpenIdConnectProvider", replaced, "", Effect{"workflows, which cannot log in to AWS meanwhile", "", moment, false}},
	{"aws:iam/serviceLinkedRole:ServiceLinkedRole", replaced, "", Effect{"new spot machines; AWS refuses to delete the role while there are any", "", moment, false}},
	{"aws:s3/bucketPolicy:BucketPolicy", replaced, "", Effect{"nothing that reads or writes; meanwhile the bucket takes requests without TLS", "", moment, false}},
	{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", replaced, "", Effect{"nothing that reads or writes; AWS's block of public access is off meanwhile", "", moment, false}},

	{"aws:ec2/launchTemplate:LaunchTemplate", replaced, "", Effect{"nothing that runs; the pool launches nothing until the allocator knows the new template", "", "under a minute", false}},
	{"aws:iam/role:Role", gone, "", Effect{"what acts under the role, running machines included", "", "until it has the new role: " + tillEnd, false}},
	{"aws:iam/instanceProfile:InstanceProfile", gone, "", Effect{"credentials of machines that run with it", "", tillEnd, false}},
	{"aws:ssm/parameter:Parameter", replaced, "", Effect{"what reads the parameter meanwhile; hosts ask again", "", moment, false}},
	{"aws:s3/bucketObjectv2:BucketObjectv2", replaced, "", Effect{"nothing: hosts and machines take a new release without stopping, requests wait for less than two seconds", "", nothing, false}},
	{"aws:cloudwatch/metricAlarm:MetricAlarm", replaced, "", Effect{"this alarm", "", moment, false}},
	{"aws:cloudwatch/metricAlarm:MetricAlarm", deleted, "", Effect{"nobody is told any more, and nothing is done any more, when this is so: {alarmDescription}", "", forGood, false}},
	{"aws:sns/topicSubscription:TopicSubscription", deleted, "", Effect{"mails about alarms to {endpoint}", "", forGood, false}},
	{"aws:dlm/lifecyclePolicy:LifecyclePolicy", deleted, "", Effect{"snapshots of the data volume: no more are taken", "", forGood, false}},
}

// quiet are types of which a replacement interrupts nothing that anybody would
// notice.
var quiet = []string{
	"aws:iam/policy:Policy", "aws:iam/rolePolicy:RolePolicy", "aws:iam/rolePolicyAttachment:RolePolicyAttachment",
	"aws:cloudwatch/dashboard:Dashboard", "aws:budgets/budget:Budget", "aws:sns/topic:Topic", "aws:sns/topicPolicy:TopicPolicy",
	"aws:sns/topicSubscription:TopicSubscription", "aws:dlm/lifecyclePolicy:LifecyclePolicy", "aws:kms/alias:Alias",
	"aws:s3/bucketVersioningV2:BucketVersioningV2", "aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2",
	"aws:acm/certificateValidation:CertificateValidation", "aws:imagebuilder/component:Component", "aws:imagebuilder/imageRecipe:ImageRecipe",
	"aws:imagebuilder/infrastructureConfiguration:InfrastructureConfiguration", "aws:imagebuilder/distributionConfiguration:DistributionConfiguration",
	"aws:imagebuilder/imagePipeline:ImagePipeline",
}
