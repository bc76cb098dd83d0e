package watch_test

import (
	"encoding/json"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/infra/watch"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

const (
	metricAlarm = "aws:cloudwatch/metricAlarm:MetricAlarm"
	restore     = "arn:aws:automate:us-west-2:ec2:recover"
	topic       = "arn:aws:recorded:us-west-2:123456789012:watch-topic"
)

var (
	lab     = naming.Namer{Deployment: "lablink", Environment: "test", AccountID: "123456789012", Region: "us-west-2"}
	account = recording.Account{ID: "123456789012", Region: "us-west-2"}
)

// everything is an environment with all that can be watched.
func everything() *watch.WatchArgs {
	return &watch.WatchArgs{
		Namer: lab, Emails: []string{"lab@example.org", "ops@example.org"}, Instance: pulumi.String("i-1"),
		People:   &watch.Balancer{LoadBalancer: pulumi.String("app/lb/1"), TargetGroup: pulumi.String("targetgroup/tg/1")},
		Agents:   &watch.Balancer{LoadBalancer: pulumi.String("app/lb/2"), TargetGroup: pulumi.String("targetgroup/tg/2")},
		Database: pulumi.String("lablink-database-test"),
	}
}

func declare(args *watch.WatchArgs) (*recording.Recording, error) {
	return recording.Run("test", account, func(ctx *pulumi.Context) error {
		w, err := watch.NewWatch(ctx, "watch", args)
		if err != nil {
			return err
		}
		ctx.Export("dashboardUrl", w.DashboardURL)
		ctx.Export("topicArn", w.TopicARN)
		return nil
	})
}

// EC2 recovers on no other metric, and nothing is done to a host for want of data.
func TestAHostWhoseHardwareFailsIsMovedWhoeverIsTold(t *testing.T) {
	for _, emails := range [][]string{nil, {"lab@example.org"}} {
		args := everything()
		args.Emails = emails
		r, err := declare(args)
		require.NoError(t, err)
		a := r.Named("watch-host-recovery")
		assert.Equal(t, "StatusCheckFailed_System", a.Text("metricName"))
		assert.Equal(t, map[string]any{"InstanceId": "i-1"}, a.Get("dimensions"))
		assert.Equal(t, "missing", a.Text("treatMissingData"))
		assert.Contains(t, a.Get("alarmActions"), restore)
	}
}

func TestNobodyIsToldWhereNoAddressIsSet(t *testing.T) {
	args := everything()
	args.Emails = nil
	r, err := declare(args)
	require.NoError(t, err)
	assert.Len(t, r.Of(metricAlarm), 1, "an alarm without an action is none")
	assert.Empty(t, r.Of("aws:sns/topic:Topic"))
	assert.Empty(t, r.Outputs["topicArn"].Value)
	assert.Len(t, r.Of("aws:cloudwatch/dashboard:Dashboard"), 1)
}

func TestEveryAlarmIsToldToEveryAddress(t *testing.T) {
	r, err := declare(everything())
	require.NoError(t, err)
	for _, s := range r.Of("aws:sns/topicSubscription:TopicSubscription") {
		assert.Equal(t, []any{topic, "email"}, []any{s.Get("topic"), s.Get("protocol")})
		assert.Equal(t, "watch-email-"+s.Text("endpoint"), s.Name)
	}
	assert.Len(t, r.Of("aws:sns/topicSubscription:TopicSubscription"), 2)
	for _, a := range r.Of(metricAlarm) {
		assert.Contains(t, a.Get("alarmActions"), topic, a.Name)
		assert.Equal(t, []any{topic}, a.Get("okActions"), a.Name)
		assert.NotEmpty(t, a.Text("alarmDescription"), a.Name)
	}
}

// What silence means is chosen for each: a host that tells nothing is gone, a
// balancer that counts no errors has none.
func TestEachAlarmWatchesOneThingAndKnowsWhatSilenceMeans(t *testing.T) {
	r, err := declare(everything())
	require.NoError(t, err)
	host := map[string]any{"InstanceId": "i-1"}
	balancer := map[string]any{"LoadBalancer": "app/lb/1"}
	targets := map[string]any{"LoadBalancer": "app/lb/1", "TargetGroup": "targetgroup/tg/1"}
	inside := map[string]any{"LoadBalancer": "app/lb/2"}
	insideTargets := map[string]any{"LoadBalancer": "app/lb/2", "TargetGroup": "targetgroup/tg/2"}
	database := map[string]any{"DBInstanceIdentifier": "lablink-database-test"}
	want := map[string]struct {
		namespace, metric, missing string
		dimensions                 map[string]any
	}{
		"watch-host-recovery":             {"AWS/EC2", "StatusCheckFailed_System", "missing", host},
		"watch-host-down":                 {"AWS/EC2", "StatusCheckFailed_Instance", "breaching", host},
		"watch-host-cpu":                  {"AWS/EC2", "CPUUtilization", "missing", host},
		"watch-balancer-unhealthy":        {"AWS/ApplicationELB", "UnHealthyHostCount", "missing", targets},
		"watch-balancer-errors":           {"AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "notBreaching", balancer},
		"watch-allocator-errors":          {"AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "notBreaching", targets},
		"watch-agents-balancer-unhealthy": {"AWS/ApplicationELB", "UnHealthyHostCount", "missing", insideTargets},
		"watch-agents-balancer-errors":    {"AWS/ApplicationELB", "HTTPCode_ELB_5XX_Count", "notBreaching", inside},
		"watch-agents-allocator-errors":   {"AWS/ApplicationELB", "HTTPCode_Target_5XX_Count", "notBreaching", insideTargets},
		"watch-database-storage":          {"AWS/RDS", "FreeStorageSpace", "breaching", database},
		"watch-database-cpu":              {"AWS/RDS", "CPUUtilization", "missing", database},
	}
	assert.Len(t, r.Of(metricAlarm), len(want))
	for name, w := range want {
		a := r.Named(name)
		assert.Equal(t, []string{w.namespace, w.metric, w.missing}, []string{a.Text("namespace"), a.Text("metricName"), a.Text("treatMissingData")}, name)
		assert.Equal(t, w.dimensions, a.Get("dimensions"), name)
	}
}

func TestOnlyWhatIsThereIsWatched(t *testing.T) {
	r, err := declare(&watch.WatchArgs{Namer: lab, Emails: []string{"lab@example.org"}, Database: pulumi.String("d")})
	require.NoError(t, err)
	for _, a := range r.Of(metricAlarm) {
		assert.Equal(t, "AWS/RDS", a.Text("namespace"), a.Name)
	}
	r, err = declare(&watch.WatchArgs{Namer: lab, Emails: []string{"lab@example.org"}})
	assert.ErrorContains(t, err, "Instance, People, Agents or Database is required")
	assert.Empty(t, r.Names())
}

func TestTheAlarmsOfThisAccountAloneWriteToTheTopic(t *testing.T) {
	r, err := declare(everything())
	require.NoError(t, err)
	document, err := iam.Parse(r.Named("watch-topic-policy").Text("policy"), iam.Resource)
	require.NoError(t, err)
	from := func(kind, who, account, arn string) iam.Request {
		return iam.Request{PrincipalType: kind, Principal: who, Action: "sns:Publish", Resource: topic, Context: map[string][]string{
			"aws:SourceAccount": {account}, "aws:SourceArn": {arn},
		}}
	}
	own := "arn:aws:cloudwatch:us-west-2:123456789012:alarm:lablink-host-down-test"
	subscribe := from("Service", "cloudwatch.amazonaws.com", "123456789012", own)
	subscribe.Action = "sns:Subscribe"
	for why, c := range map[string]struct {
		request iam.Request
		want    iam.Decision
	}{
		"an alarm":               {from("Service", "cloudwatch.amazonaws.com", "123456789012", own), iam.Allowed},
		"another account's":      {from("Service", "cloudwatch.amazonaws.com", "210987654321", "arn:aws:cloudwatch:us-west-2:210987654321:alarm:x"), iam.Implicit},
		"another service":        {from("Service", "events.amazonaws.com", "123456789012", own), iam.Implicit},
		"somebody":               {from("AWS", "arn:aws:iam::210987654321:root", "123456789012", own), iam.Implicit},
		"an alarm that reads it": {subscribe, iam.Implicit},
	} {
		assert.Equal(t, c.want, iam.Evaluate(c.request, document), why)
	}
}

func TestTheDashboardShowsWhatIsWatched(t *testing.T) {
	r, err := declare(everything())
	require.NoError(t, err)
	d := r.Named("watch-dashboard")
	var body struct {
		Widgets []struct {
			Type        string
			X, Y, Width int
			Properties  struct {
				Region, Title, Stat string
				Metrics             [][]string
			}
		}
	}
	require.NoError(t, json.Unmarshal([]byte(d.Text("dashboardBody")), &body))
	shown := map[string]bool{}
	for _, w := range body.Widgets {
		assert.Equal(t, "metric", w.Type)
		assert.Equal(t, "us-west-2", w.Properties.Region)
		assert.LessOrEqual(t, w.X+w.Width, 24)
		for _, m := range w.Properties.Metrics {
			require.GreaterOrEqual(t, len(m), 4, w.Properties.Title)
			assert.Zero(t, len(m)%2, "namespace, metric, and pairs: %v", m)
			shown[m[0]+" "+m[len(m)-1]] = true
		}
	}
	assert.Equal(t, map[string]bool{"AWS/EC2 i-1": true, "AWS/ApplicationELB targetgroup/tg/1": true, "AWS/ApplicationELB targetgroup/tg/2": true, "AWS/RDS lablink-database-test": true}, shown)
	assert.Equal(t, "https://us-west-2.console.aws.amazon.com/cloudwatch/home?region=us-west-2#dashboards/dashboard/"+d.Text("dashboardName"), r.Outputs["dashboardUrl"].Value)
	assert.Equal(t, "lablink-watch-test-us-west-2", d.Text("dashboardName"), "there is one list of dashboards for all Regions")
}
