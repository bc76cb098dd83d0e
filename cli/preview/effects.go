package preview

import (
	"regexp"
	"slices"
	"strings"
)

// Effect is what a change to a resource interrupts.
type Effect struct {
	Stops   string // what, for people
	Keeps   string // what goes on meanwhile, where nothing else of the change stops it
	HowLong string
	// Loses is set where something is gone for good.
	Loses bool
}

// Lasting of what only a deployment somewhere else could measure are called
// estimates. Those that are not are held by tests of the simulated host.
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
	{"aws:ebs/volume:Volume", replaced, "", Effect{"the allocator's data: a new volume is empty. Workshops, seats and certificates are those of the last snapshot, once somebody restores it", "", forGood, true}},
	{"aws:ebs/volume:Volume", deleted, "", Effect{"the allocator's data: workshops, seats, certificates", "", forGood, true}},
	{"aws:rds/instance:Instance", gone, "", Effect{"the allocator and its data: another database is empty until a snapshot is restored", "", forGood, true}},
	{"aws:s3/bucketV2:BucketV2", gone, "", Effect{"what the bucket holds: releases or state", "", forGood, true}},
	{"aws:kms/key:Key", gone, "", Effect{"all that is encrypted with the key", "", forGood, true}},
	{"aws:ec2/eip:Eip", gone, "", Effect{"the public address: names made by hand and links to the address lead nowhere", "", forGood, true}},

	{"aws:ec2/instance:Instance", gone, "", Effect{"the allocator: pages, joining and desktops", goesOn, minutes, false}},
	{"aws:ec2/instance:Instance", changed, "instanceType", Effect{"the allocator: pages, joining and desktops. The instance is stopped and started with its volumes and addresses", goesOn, restart, false}},
	{"aws:ec2/volumeAttachment:VolumeAttachment", replaced, "", Effect{"the allocator, with its host", "", withHost, false}},
	{"aws:ec2/networkInterface:NetworkInterface", gone, "", Effect{"running machines: they dial the allocator's old private address and do not come back", "", tillEnd, false}},
	{"aws:ec2/eipAssociation:EipAssociation", replaced, "", Effect{"the way in by the public address", "", moment, false}},
	{"aws:autoscaling/group:Group", gone, "", Effect{"the allocator: all its hosts end and others start", goesOn, minutes, false}},

	{"aws:route53/record:Record", gone, "", Effect{"the old name: links with it lead nowhere. Machines that run check the allocator's certificate for the old name and do not come back: end the workshops first", "", forGood, false}},
	{"cloudflare:index/record:Record", gone, "", Effect{"the old name: links with it lead nowhere. Machines that run check the allocator's certificate for the old name and do not come back: end the workshops first", "", forGood, false}},
	{"aws:route53/record:Record", changed, "records[0]", Effect{"people who were told the old address by DNS", "", "up to 5 minutes (the record's TTL)", false}},
	{"cloudflare:index/record:Record", changed, "content", Effect{"people who were told the old address by DNS", "", "up to 5 minutes (the record's TTL)", false}},
	{"aws:acm/certificate:Certificate", gone, "", Effect{"nothing while the old certificate stands until the new one is issued", "", nothing, false}},
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
	"aws:sns/topicSubscription:TopicSubscription", "aws:dlm/lifecyclePolicy:LifecyclePolicy",
}

// effect is what a step interrupts. It is not ok for one that interrupts nothing.
func (s Step) effect() (Effect, bool) {
	for _, r := range effects {
		if r.typ != s.Type || !slices.Contains(r.ops, s.Op) || r.property != "" && !s.sets(r.property) {
			continue
		}
		e := r.Effect
		e.Stops = placeholder.ReplaceAllStringFunc(e.Stops, func(p string) string { return cut(s.text(strings.Trim(p, "{}")), longest) })
		return e, !(s.Op == "delete" && s.Old != nil && s.Old.Retain)
	}
	if s.Op != "replace" {
		return Effect{}, false
	}
	if slices.Contains(quiet, s.Type) {
		return Effect{"nothing that anybody notices", "", nothing, false}, true
	}
	return Effect{"not known for this type: look at what uses it", "", "not known", false}, true
}

// sets reports whether the step gives a property another value. One that is known
// after the deployment only may be the same again.
func (s Step) sets(property string) bool {
	return slices.Contains(s.Changed, property) && value(s.New, property) != known
}

// placeholder is an input of the resource in an effect's words.
var placeholder = regexp.MustCompile(`\{\w+\}`)
