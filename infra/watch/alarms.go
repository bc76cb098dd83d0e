package watch

import "github.com/pulumi/pulumi/sdk/v3/go/pulumi"

// alarm is one alarm. The metrics are those of the namespaces' own lists in the
// CloudWatch guides of EC2, Elastic Load Balancing and RDS.
type alarm struct {
	what, means       string
	namespace, metric string
	dimensions        pulumi.StringMap
	statistic         string
	seconds, times    int // how long a period is, and how many of them must be bad
	compare           string
	threshold         float64
	missing           string // what silence means
	action            string // what AWS does about it; empty: it only tells
}

const (
	atLeast = "GreaterThanOrEqualToThreshold"
	below   = "LessThanThreshold"

	// What silence means. To fail for want of data would restart a host that is
	// well when CloudWatch is not; a host that says nothing at all is told of.
	unknown = "missing"
	wrong   = "breaching"
	fine    = "notBreaching"
)

// alarms are those of what is watched.
func (args *WatchArgs) alarms() []alarm {
	var out []alarm
	if args.Instance != nil {
		out = append(out, hostAlarms(args.Namer.Region, pulumi.StringMap{"InstanceId": args.Instance})...)
	}
	if args.People != nil {
		out = append(out, balancerAlarms(args.People, "", "people")...)
	}
	if args.Agents != nil {
		out = append(out, balancerAlarms(args.Agents, "agents-", "machines' agents")...)
	}
	if args.Database != nil {
		out = append(out, databaseAlarms(pulumi.StringMap{"DBInstanceIdentifier": args.Database})...)
	}
	return out
}

// hostAlarms are those of a single host. EC2 recovers an instance on an alarm
// of the system check only: it moves to other hardware with its address, its
// volumes and its id.
func hostAlarms(region string, host pulumi.StringMap) []alarm {
	const namespace = "AWS/EC2"
	return []alarm{
		{
			"host-recovery", "The hardware under the allocator's host has failed: EC2 moves the host to other hardware.",
			namespace, "StatusCheckFailed_System", host, "Maximum", 60, 2, atLeast, 1, unknown, "arn:aws:automate:" + region + ":ec2:recover",
		},
		{
			"host-down", "The allocator's host does not answer, or is not running.",
			namespace, "StatusCheckFailed_Instance", host, "Maximum", 60, 5, atLeast, 1, wrong, "",
		},
		{
			"host-cpu", "The allocator's host has been busy for a quarter of an hour: choose a larger allocator.instanceType.",
			namespace, "CPUUtilization", host, "Average", 300, 3, atLeast, 90, unknown, "",
		},
	}
}

// balancerAlarms are those of a load balancer, by what their names begin with and
// who comes by it. It counts errors only when there are any.
func balancerAlarms(b *Balancer, before, who string) []alarm {
	const namespace = "AWS/ApplicationELB"
	balancer := pulumi.StringMap{"LoadBalancer": b.LoadBalancer}
	targets := pulumi.StringMap{"LoadBalancer": b.LoadBalancer, "TargetGroup": b.TargetGroup}
	return []alarm{
		{
			before + "balancer-unhealthy", "A host of the allocator has not been ready for " + who + " for five minutes.",
			namespace, "UnHealthyHostCount", targets, "Maximum", 60, 5, atLeast, 1, unknown, "",
		},
		{
			before + "balancer-errors", "The load balancer of " + who + " found no host that answers.",
			namespace, "HTTPCode_ELB_5XX_Count", balancer, "Sum", 300, 1, atLeast, 10, fine, "",
		},
		{
			before + "allocator-errors", "The allocator answers " + who + " with errors of its own.",
			namespace, "HTTPCode_Target_5XX_Count", targets, "Sum", 300, 1, atLeast, 10, fine, "",
		},
	}
}

// databaseAlarms are those of an RDS instance, which grows by itself up to a
// limit.
func databaseAlarms(database pulumi.StringMap) []alarm {
	const namespace, gib = "AWS/RDS", 1 << 30
	return []alarm{
		{
			"database-storage", "The database has less than 2 GiB left.",
			namespace, "FreeStorageSpace", database, "Minimum", 300, 3, below, 2 * gib, wrong, "",
		},
		{
			"database-cpu", "The database has been busy for a quarter of an hour: choose a larger database.instanceClass.",
			namespace, "CPUUtilization", database, "Average", 300, 3, atLeast, 90, unknown, "",
		},
	}
}
