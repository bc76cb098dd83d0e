package cloud_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func topic(t *testing.T, w *world) string {
	t.Helper()
	made := &cloud.Topic{Name: "alarms", Tagged: cloud.Tagged{Tags: map[string]string{"a": "b"}}}
	require.NoError(t, w.CreateTopic(made))
	return made.ARN
}

func TestATopicOfTheSameNameIsTakenOverOrRefused(t *testing.T) {
	w := newWorld(t)
	arn := topic(t, w)
	require.Equal(t, "arn:aws:sns:us-west-2:123456789012:alarms", arn)
	require.Equal(t, arn, topic(t, w), "the same topic again is that topic")
	refused(t, "InvalidParameter", w.CreateTopic(&cloud.Topic{Name: "alarms"}))
	refused(t, "InvalidParameter", w.CreateTopic(&cloud.Topic{Name: "alarms", DisplayName: "x", Tagged: cloud.Tagged{Tags: map[string]string{"a": "b"}}}))
	refused(t, "InvalidParameter", w.CreateTopic(&cloud.Topic{Name: "a.b"}))
	refused(t, "InvalidParameter", w.CreateTopic(&cloud.Topic{Name: "long", DisplayName: strings.Repeat("x", 101)}))
}

func TestATopicGoesWithItsPolicyAndItsSubscriptions(t *testing.T) {
	w := newWorld(t)
	arn := topic(t, w)
	p := &cloud.TopicPolicy{ARN: arn, Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"` + arn + `"}]}`}
	require.NoError(t, w.PutTopicPolicy(p))
	s := &cloud.Subscription{Topic: arn, Protocol: "email", Endpoint: "lab@example.org"}
	require.NoError(t, w.CreateSubscription(s))
	require.True(t, s.PendingConfirmation, "nobody has clicked the link")
	again := &cloud.Subscription{Topic: arn, Protocol: "email", Endpoint: "lab@example.org"}
	require.NoError(t, w.CreateSubscription(again))
	require.Equal(t, s.ID, again.ID, "an address is subscribed once")
	require.NoError(t, w.DeleteTopic(arn))
	_, err := w.TopicPolicy(arn)
	require.True(t, cloud.IsNotFound(err))
	_, err = w.Subscription(s.ID)
	require.True(t, cloud.IsNotFound(err))
}

func TestWhatATopicDoesNotTakeIsRefused(t *testing.T) {
	w := newWorld(t)
	arn := topic(t, w)
	policy := func(action, resource string) error {
		return w.PutTopicPolicy(&cloud.TopicPolicy{ARN: arn, Policy: `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"` + action + `","Resource":"` + resource + `"}]}`})
	}
	refused(t, "InvalidParameter", policy("sqs:SendMessage", arn))
	refused(t, "InvalidParameter", policy("sns:Publish", arn+"x"))
	refused(t, "InvalidParameter", w.PutTopicPolicy(&cloud.TopicPolicy{ARN: arn, Policy: "{}"}))
	refused(t, "NotFound", w.PutTopicPolicy(&cloud.TopicPolicy{ARN: arn + "x", Policy: "{}"}))
	refused(t, "InvalidParameter", w.CreateSubscription(&cloud.Subscription{Topic: arn, Protocol: "email", Endpoint: "lab"}))
	refused(t, "InvalidParameter", w.CreateSubscription(&cloud.Subscription{Topic: arn, Protocol: "sms", Endpoint: "+15550100"}))
	refused(t, "NotFound", w.CreateSubscription(&cloud.Subscription{Topic: arn + "x", Protocol: "email", Endpoint: "lab@example.org"}))
}

// alarm is one that is right.
func alarm() cloud.MetricAlarm {
	one := 1.0
	return cloud.MetricAlarm{
		Name: "host", Namespace: "AWS/EC2", MetricName: "StatusCheckFailed_System", Dimensions: map[string]string{"InstanceId": "i-1"},
		Statistic: "Maximum", Period: 60, EvaluationPeriods: 2, ComparisonOperator: "GreaterThanOrEqualToThreshold", Threshold: &one,
		AlarmActions: []string{"arn:aws:automate:us-west-2:ec2:recover", "arn:aws:sns:us-west-2:123456789012:alarms"},
	}
}

func TestAnAlarmIsCloudWatchs(t *testing.T) {
	w := newWorld(t)
	right := alarm()
	require.NoError(t, w.PutMetricAlarm(&right))
	got, err := w.MetricAlarm("host")
	require.NoError(t, err)
	require.Equal(t, "missing", got.TreatMissingData)
	require.Equal(t, "arn:aws:cloudwatch:us-west-2:123456789012:alarm:host", got.ARN)
	other := alarm()
	other.AlarmActions = nil
	require.NoError(t, w.PutMetricAlarm(&other), "another alarm of the name takes its place, without a word")
	got, err = w.MetricAlarm("host")
	require.NoError(t, err)
	require.Empty(t, got.AlarmActions)
	for name, spoil := range map[string]func(*cloud.MetricAlarm){
		"no name":                        func(x *cloud.MetricAlarm) { x.Name = "" },
		"a long description":             func(x *cloud.MetricAlarm) { x.AlarmDescription = strings.Repeat("x", 1025) },
		"no metric":                      func(x *cloud.MetricAlarm) { x.MetricName = "" },
		"no threshold":                   func(x *cloud.MetricAlarm) { x.Threshold = nil },
		"no statistic":                   func(x *cloud.MetricAlarm) { x.Statistic = "" },
		"an operator that is none":       func(x *cloud.MetricAlarm) { x.ComparisonOperator = ">=" },
		"silence that means nothing":     func(x *cloud.MetricAlarm) { x.TreatMissingData = "good" },
		"half a minute more":             func(x *cloud.MetricAlarm) { x.Period = 90 },
		"no period":                      func(x *cloud.MetricAlarm) { x.EvaluationPeriods = 0 },
		"more than a day":                func(x *cloud.MetricAlarm) { x.Period, x.EvaluationPeriods = 3600, 25 },
		"six actions":                    func(x *cloud.MetricAlarm) { x.OKActions = []string{"a", "b", "c", "d", "e", "f"} },
		"an action that is none":         func(x *cloud.MetricAlarm) { x.AlarmActions = []string{"recover"} },
		"an action of another Region":    func(x *cloud.MetricAlarm) { x.AlarmActions = []string{"arn:aws:automate:eu-west-1:ec2:recover"} },
		"a topic of another Region":      func(x *cloud.MetricAlarm) { x.AlarmActions = []string{"arn:aws:sns:eu-west-1:123456789012:alarms"} },
		"recovery on another metric":     func(x *cloud.MetricAlarm) { x.MetricName = "StatusCheckFailed_Instance" },
		"recovery of no instance":        func(x *cloud.MetricAlarm) { x.Dimensions = nil },
		"recovery of what is no machine": func(x *cloud.MetricAlarm) { x.Namespace = "AWS/RDS" },
	} {
		x := alarm()
		spoil(&x)
		t.Run(name, func(t *testing.T) { refused(t, "ValidationError", w.PutMetricAlarm(&x)) })
	}
}

func TestADashboardsBodyIsRead(t *testing.T) {
	w := newWorld(t)
	widget := `{"type":"metric","x":0,"y":0,"width":12,"height":6,"properties":{"region":"us-west-2","metrics":[["AWS/EC2","CPUUtilization","InstanceId","i-1"]]}}`
	put := func(name, body string) error {
		return w.PutDashboard(&cloud.Dashboard{DashboardName: name, DashboardBody: body})
	}
	require.NoError(t, put("d", `{"widgets":[`+widget+`]}`))
	got, err := w.Dashboard("d")
	require.NoError(t, err)
	require.Equal(t, "arn:aws:cloudwatch::123456789012:dashboard/d", got.DashboardARN, "in no Region")
	refused(t, "InvalidParameterValue", put("a b", `{"widgets":[]}`))
	for name, body := range map[string]string{
		"no JSON":                   `widgets`,
		"a key that is not known":   `{"gadgets":[]}`,
		"text for a graph":          strings.Replace(`{"widgets":[`+widget+`]}`, `"metric"`, `"text"`, 1),
		"wider than the page":       strings.Replace(`{"widgets":[`+widget+`]}`, `"width":12`, `"width":25`, 1),
		"no Region":                 strings.Replace(`{"widgets":[`+widget+`]}`, `"region":"us-west-2",`, ``, 1),
		"a dimension without value": strings.Replace(`{"widgets":[`+widget+`]}`, `,"i-1"`, ``, 1),
	} {
		t.Run(name, func(t *testing.T) { refused(t, "InvalidParameterInput", put("d", body)) })
	}
}

func budget() cloud.Budget {
	return cloud.Budget{
		Name: "b", BudgetType: "COST", TimeUnit: "MONTHLY", LimitAmount: "100", LimitUnit: "USD",
		CostFilters: []cloud.BudgetCostFilter{{Name: "TagKeyValue", Values: []string{"user:lablink:deployment$lab"}}},
		Notifications: []cloud.BudgetNotification{
			{ComparisonOperator: "GREATER_THAN", Threshold: 100, ThresholdType: "PERCENTAGE", NotificationType: "ACTUAL", SubscriberEmailAddresses: []string{"lab@example.org"}},
		},
	}
}

func TestABudgetIsAWSs(t *testing.T) {
	w := newWorld(t)
	right := budget()
	require.NoError(t, w.CreateBudget(&right))
	got, err := w.Budget("123456789012:b")
	require.NoError(t, err)
	require.Equal(t, []string{"2026-10-01_00:00", "2087-06-15_00:00", "arn:aws:budgets::123456789012:budget/b"}, []string{got.TimePeriodStart, got.TimePeriodEnd, got.ARN})
	same := budget()
	refused(t, "DuplicateRecordException", w.CreateBudget(&same))
	twice := budget()
	twice.Name, twice.Notifications = "c", append(twice.Notifications, twice.Notifications...)
	refused(t, "DuplicateRecordException", w.CreateBudget(&twice))
	for name, spoil := range map[string]func(*cloud.Budget){
		"a colon in its name":     func(b *cloud.Budget) { b.Name = "a:b" },
		"a long name":             func(b *cloud.Budget) { b.Name = strings.Repeat("a", 101) },
		"hours":                   func(b *cloud.Budget) { b.BudgetType = "USAGE" },
		"a unit that is none":     func(b *cloud.Budget) { b.TimeUnit = "WEEKLY" },
		"no limit":                func(b *cloud.Budget) { b.LimitAmount = "" },
		"an end before its start": func(b *cloud.Budget) { b.TimePeriodEnd = "2026-01-01_00:00" },
		"a filter that is none":   func(b *cloud.Budget) { b.CostFilters[0].Name = "Tag" },
		"a tag without a value":   func(b *cloud.Budget) { b.CostFilters[0].Values = []string{"lablink:deployment"} },
		"nobody to tell":          func(b *cloud.Budget) { b.Notifications[0].SubscriberEmailAddresses = nil },
		"less than nothing":       func(b *cloud.Budget) { b.Notifications[0].Threshold = -1 },
		"a kind that is none":     func(b *cloud.Budget) { b.Notifications[0].NotificationType = "GUESSED" },
	} {
		x := budget()
		x.Name = "another"
		spoil(&x)
		t.Run(name, func(t *testing.T) { refused(t, "InvalidParameterException", w.CreateBudget(&x)) })
	}
}

func TestWhatKeepsDataAndWatchesIsNotFoundBeforeItIsMade(t *testing.T) {
	w := newWorld(t)
	for name, look := range map[string]func() error{
		"subnet group":     func() error { _, err := w.DBSubnetGroup("x"); return err },
		"parameter group":  func() error { _, err := w.DBParameterGroup("x"); return err },
		"database":         func() error { _, err := w.DBInstance("x"); return err },
		"lifecycle policy": func() error { _, err := w.LifecyclePolicy("x"); return err },
		"topic":            func() error { _, err := w.Topic("x"); return err },
		"topic policy":     func() error { _, err := w.TopicPolicy("x"); return err },
		"subscription":     func() error { _, err := w.Subscription("x"); return err },
		"alarm":            func() error { _, err := w.MetricAlarm("x"); return err },
		"dashboard":        func() error { _, err := w.Dashboard("x"); return err },
		"budget":           func() error { _, err := w.Budget("x"); return err },
	} {
		require.True(t, cloud.IsNotFound(look()), name)
	}
}
