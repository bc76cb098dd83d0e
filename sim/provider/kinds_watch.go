package provider

import (
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/budgets"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/cloudwatch"
	"github.com/pulumi/pulumi-aws/sdk/v6/go/aws/sns"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

// watchKinds are the types about alarms and costs.
var watchKinds = map[string]kind{
	"aws:sns/topic:Topic": define(sns.TopicArgs{}, sns.Topic{}, traits{Replace: []string{"name"}, Name: autoname{Property: "name", Max: 80}},
		operations[cloud.Topic]{(*account).CreateTopic, (*account).Topic, (*account).UpdateTopic, (*account).DeleteTopic}),
	"aws:sns/topicPolicy:TopicPolicy": define(sns.TopicPolicyArgs{}, sns.TopicPolicy{}, traits{Replace: []string{"arn"}},
		operations[cloud.TopicPolicy]{(*account).PutTopicPolicy, (*account).TopicPolicy,
			func(a *account, _ string, p *cloud.TopicPolicy) error { return a.PutTopicPolicy(p) }, (*account).DeleteTopicPolicy}),
	"aws:sns/topicSubscription:TopicSubscription": define(sns.TopicSubscriptionArgs{}, sns.TopicSubscription{}, traits{},
		operations[cloud.Subscription]{(*account).CreateSubscription, (*account).Subscription, nil, (*account).DeleteSubscription}),
	"aws:cloudwatch/metricAlarm:MetricAlarm": define(cloudwatch.MetricAlarmArgs{}, cloudwatch.MetricAlarm{}, traits{Replace: []string{"name"}, Name: autoname{Property: "name"}},
		operations[cloud.MetricAlarm]{(*account).PutMetricAlarm, (*account).MetricAlarm, (*account).UpdateMetricAlarm, (*account).DeleteMetricAlarm}),
	"aws:cloudwatch/dashboard:Dashboard": define(cloudwatch.DashboardArgs{}, cloudwatch.Dashboard{}, traits{Replace: []string{"dashboardName"}},
		operations[cloud.Dashboard]{(*account).PutDashboard, (*account).Dashboard,
			func(a *account, _ string, d *cloud.Dashboard) error { return a.PutDashboard(d) }, (*account).DeleteDashboard}),
	"aws:budgets/budget:Budget": define(budgets.BudgetArgs{}, budgets.Budget{}, traits{Replace: []string{"name"}, Name: autoname{Property: "name"}},
		operations[cloud.Budget]{(*account).CreateBudget, (*account).Budget, (*account).UpdateBudget, (*account).DeleteBudget}),
}
