package watch

import (
	"errors"

	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
)

const component = "watch"

// Watch are the alarms and the dashboard of one environment.
type Watch struct {
	pulumi.ResourceState

	// TopicARN is where alarms are told; empty where no e-mail address is set.
	TopicARN pulumi.StringOutput `pulumi:"topicArn"`
	// DashboardURL is the dashboard in AWS's console.
	DashboardURL pulumi.StringOutput `pulumi:"dashboardUrl"`
}

// WatchArgs says what is watched and who is told. At least one of Instance,
// People, Agents and Database is required.
type WatchArgs struct {
	Namer naming.Namer
	// Emails are told of alarms. Optional: then only what mends itself is watched.
	Emails []string
	// Instance is the id of the allocator's host. Optional: several hosts have a
	// group that replaces them.
	Instance pulumi.StringInput
	// People and Agents are the load balancers before the allocator. Optional.
	People, Agents *Balancer
	// Database is RDS's identifier of the database. Optional.
	Database pulumi.StringInput
}

// Balancer is an application load balancer with one group of targets, both by
// the last part of their ARNs ("app/NAME/ID", "targetgroup/NAME/ID"), by which
// CloudWatch knows them.
type Balancer struct {
	LoadBalancer, TargetGroup pulumi.StringInput
}

// NewWatch declares topic, alarms and dashboard.
func NewWatch(ctx *pulumi.Context, name string, args *WatchArgs, opts ...pulumi.ResourceOption) (*Watch, error) {
	if args == nil || args.Instance == nil && args.People == nil && args.Agents == nil && args.Database == nil {
		return nil, errors.New("watch: Instance, People, Agents or Database is required")
	}
	w := &Watch{TopicARN: pulumi.String("").ToStringOutput()}
	if err := ctx.RegisterComponentResource("lablink:watch:Watch", name, w, opts...); err != nil {
		return nil, err
	}
	if len(args.Emails) > 0 {
		if err := w.declareTopic(ctx, name, args); err != nil {
			return nil, err
		}
	}
	for _, a := range args.alarms() {
		if err := w.declareAlarm(ctx, name, args, a); err != nil {
			return nil, err
		}
	}
	if err := w.declareDashboard(ctx, name, args); err != nil {
		return nil, err
	}
	return w, ctx.RegisterResourceOutputs(w, pulumi.Map{"topicArn": w.TopicARN, "dashboardUrl": w.DashboardURL})
}

// declareAlarm declares one alarm, if it has anything to do.
func (w *Watch) declareAlarm(ctx *pulumi.Context, name string, args *WatchArgs, a alarm) error {
	var actions, over pulumi.Array
	if a.action != "" {
		actions = pulumi.Array{pulumi.String(a.action)}
	}
	if len(args.Emails) > 0 {
		actions, over = append(actions, w.TopicARN), pulumi.Array{w.TopicARN}
	}
	if len(actions) == 0 {
		return nil
	}
	alarmName := args.Namer.Name(a.what, 255)
	_, err := cloudwatch.NewMetricAlarm(ctx, name+"-"+a.what, &cloudwatch.MetricAlarmArgs{
		Name: pulumi.String(alarmName), AlarmDescription: pulumi.String(a.means),
		Namespace: pulumi.String(a.namespace), MetricName: pulumi.String(a.metric), Dimensions: a.dimensions,
		Statistic: pulumi.String(a.statistic), Period: pulumi.Int(a.seconds), EvaluationPeriods: pulumi.Int(a.times),
		ComparisonOperator: pulumi.String(a.compare), Threshold: pulumi.Float64(a.threshold), TreatMissingData: pulumi.String(a.missing),
		AlarmActions: actions, OkActions: over, Tags: args.Namer.Tags(component, alarmName),
	}, pulumi.Parent(w))
	return err
}
