package preview

import (
	"math"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/api/price"
)

// parts are what a resource is paid for, as long as it is there. What costs by use
// (traffic, requests, storage in buckets, mails) has none.
func (v side) parts(typ string, in map[string]any) []part {
	switch typ {
	case "aws:ec2/instance:Instance":
		root, _ := in["rootBlockDevice"].(map[string]any)
		return slices.Concat(
			[]part{{price.Instance(text(in, "instanceType")), 1}}, disk(root, "volumeType", "volumeSize"),
			[]part{{price.PublicAddress, truth(in, "associatePublicIpAddress")}},
		)
	case "aws:autoscaling/group:Group":
		return v.hosts(number(in, "desiredCapacity"))
	case "aws:ebs/volume:Volume":
		return disk(in, "type", "size")
	case "aws:dlm/lifecyclePolicy:LifecyclePolicy":
		return []part{{price.Snapshot, v.dataGiB()}} // once; what changes between two comes on top
	case "aws:ec2/eip:Eip":
		return []part{{price.PublicAddress, 1}}
	case "aws:ec2/natGateway:NatGateway":
		return []part{{price.NAT, 1}}
	case "aws:lb/loadBalancer:LoadBalancer":
		return []part{{price.LoadBalancer, 1}, {price.PublicAddress, v.addresses(in)}}
	case "aws:rds/instance:Instance":
		copies := 1 + truth(in, "multiAz")
		return []part{
			{price.Database(text(in, "instanceClass")), copies}, {price.DatabaseVolume, copies * number(in, "allocatedStorage")},
			{price.Secret, truth(in, "manageMasterUserPassword")},
		}
	case "aws:kms/key:Key":
		return []part{{price.Key, 1}}
	case "aws:cloudwatch/metricAlarm:MetricAlarm":
		return []part{{price.Alarm, 1}}
	case "aws:cloudwatch/dashboard:Dashboard":
		return []part{{price.Dashboard, 1}}
	case "aws:ec2/vpcEndpoint:VpcEndpoint":
		if kind := text(in, "vpcEndpointType"); kind == "" || kind == "Gateway" {
			return nil
		}
	}
	return unpriced(typ)
}

// What a gp3 volume does without being paid for it.
const baseIOPS, baseThroughput = 3000, 125

// disk are the parts of a volume, whose type and size have several names.
func disk(in map[string]any, kind, size string) []part {
	if k := text(in, kind); k != "" && k != "gp3" {
		return []part{{price.Thing(k + " volume"), number(in, size)}}
	}
	beyond := func(base float64, name string) float64 {
		n := number(in, name)
		if n <= base {
			return 0
		}
		return n - base
	}
	return []part{{price.Volume, number(in, size)}, {price.IOPS, beyond(baseIOPS, "iops")}, {price.Throughput, beyond(baseThroughput, "throughput")}}
}

// hosts are n hosts of a group, as their launch template makes them.
func (v side) hosts(n float64) []part {
	for _, s := range v.p.planned() {
		if state := v.state(s); state != nil && s.Type == launchTemplate && s.Name == hostTemplate {
			kind, gib, public := launched(state.Inputs)
			return []part{{price.Instance(kind), n}, {price.Volume, n * gib}, {price.PublicAddress, n * public}}
		}
	}
	return []part{{price.Instance("of the hosts' launch template"), n}}
}

// addresses are those of a load balancer on the internet, one in each of its
// subnets. Where these are known after the deployment only, they are the public ones
// that the stack makes.
func (v side) addresses(in map[string]any) (n float64) {
	if truth(in, "internal") != 0 {
		return 0
	}
	if in["subnets"] != unknown {
		return float64(len(list(in, "subnets")))
	}
	for _, s := range v.p.planned() {
		if state := v.state(s); state != nil && s.Type == "aws:ec2/subnet:Subnet" {
			n += truth(state.Inputs, "mapPublicIpOnLaunch")
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return n
}

// dataGiB is the size of the volumes that snapshots are taken of.
func (v side) dataGiB() (gib float64) {
	for _, s := range v.p.planned() {
		if state := v.state(s); state != nil && s.Type == "aws:ebs/volume:Volume" {
			gib += number(state.Inputs, "size")
		}
	}
	return gib
}

const (
	launchTemplate = "aws:ec2/launchTemplate:LaunchTemplate"
	// hostTemplate is the launch template of hosts, where there are several; the
	// others are those of pools.
	hostTemplate = "host-template"
)

// launched is what a launch template launches: the instance type, GiB of its
// volumes and how many public addresses it asks for.
func launched(in map[string]any) (kind string, gib, public float64) {
	for _, v := range list(in, "blockDeviceMappings") {
		if device, ok := v.(map[string]any); ok {
			gib += number(device, "ebs", "volumeSize")
		}
	}
	for _, v := range list(in, "networkInterfaces") {
		if card, ok := v.(map[string]any); ok && strings.EqualFold(text(card, "associatePublicIpAddress"), "true") {
			public++
		}
	}
	return text(in, "instanceType"), gib, public
}
