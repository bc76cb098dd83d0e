package provider_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"
)

const (
	roleToken           = "aws:iam/role:Role"
	databaseToken       = "aws:rds/instance:Instance"
	subnetGroupToken    = "aws:rds/subnetGroup:SubnetGroup"
	parameterGroupToken = "aws:rds/parameterGroup:ParameterGroup"
	lifecycleToken      = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
	topicToken          = "aws:sns/topic:Topic"
	topicPolicyToken    = "aws:sns/topicPolicy:TopicPolicy"
	subscriptionToken   = "aws:sns/topicSubscription:TopicSubscription"
	alarmToken          = "aws:cloudwatch/metricAlarm:MetricAlarm"
	dashboardToken      = "aws:cloudwatch/dashboard:Dashboard"
	budgetToken         = "aws:budgets/budget:Budget"
)

// resourceOf is a resource, how a program writes it, and a change of it.
type resourceOf struct {
	token string
	in    m
	made  made
}

// everyKind are a database and alarms with all that they need.
func everyKind(w *world) map[string]*resourceOf {
	w.Helper()
	vpc := w.vpc()
	first := w.subnet(vpc)
	second := w.create(subnetToken, properties(m{"vpcId": string(vpc.id), "cidrBlock": "10.0.1.0/24", "availabilityZone": "us-west-2b"}))
	role := w.create(roleToken, properties(m{"name": "dlm", "assumeRolePolicy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"dlm.amazonaws.com"},"Action":"sts:AssumeRole"}]}`}))
	const topic = "arn:aws:sns:us-west-2:123456789012:alarms"
	out := map[string]*resourceOf{}
	add := func(name, token string, in m) {
		out[name] = &resourceOf{token, in, w.create(token, properties(in))}
	}
	add("subnets", subnetGroupToken, m{"name": "two", "subnetIds": []any{string(first.id), string(second.id)}})
	add("parameters", parameterGroupToken, m{"name": "tls", "family": "postgres17", "parameters": []any{m{"name": "rds.force_ssl", "value": "1"}}})
	add("database", databaseToken, m{
		"identifier": "lab", "instanceClass": "db.t4g.micro", "engine": "postgres", "engineVersion": "17", "allocatedStorage": 20, "username": "lablink",
		"manageMasterUserPassword": true, "dbSubnetGroupName": "two", "parameterGroupName": "tls", "skipFinalSnapshot": true, "dbName": "lablink",
	})
	add("policy", lifecycleToken, m{"description": "snapshots", "executionRoleArn": role.outputs["arn"].StringValue(), "policyDetails": m{
		"resourceTypes": []any{"VOLUME"}, "targetTags": m{"a": "b"},
		"schedules": []any{m{"name": "often", "createRule": m{"interval": 12}, "retainRule": m{"count": 2}, "copyTags": true}},
	}})
	add("topic", topicToken, m{"name": "alarms"})
	add("topic's policy", topicPolicyToken, m{"arn": topic, "policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"},"Action":"sns:Publish","Resource":"` + topic + `"}]}`})
	add("subscription", subscriptionToken, m{"topic": topic, "protocol": "email", "endpoint": "lab@example.org"})
	add("alarm", alarmToken, m{
		"name": "busy", "namespace": "AWS/EC2", "metricName": "CPUUtilization", "statistic": "Average", "period": 300, "evaluationPeriods": 3,
		"comparisonOperator": "GreaterThanThreshold", "threshold": 90, "alarmActions": []any{topic},
	})
	add("dashboard", dashboardToken, m{"dashboardName": "lab", "dashboardBody": `{"widgets":[]}`})
	add("budget", budgetToken, m{"name": "month", "budgetType": "COST", "timeUnit": "MONTHLY", "limitAmount": "100", "limitUnit": "USD"})
	return out
}

func TestWhatKeepsDataAndWatchesChangesInPlaceOrIsReplaced(t *testing.T) {
	w := newWorld(t)
	all := everyKind(w)
	for _, c := range []struct {
		what, key string
		to        any
		replaces  bool
	}{
		{"subnets", "description", "other", false}, {"subnets", "name", "other", true},
		{"parameters", "family", "postgres16", true}, {"parameters", "description", "other", true}, {"parameters", "parameters", []any{}, false},
		{"database", "identifier", "other", false}, {"database", "instanceClass", "db.t4g.small", false}, {"database", "multiAz", true, false},
		{"database", "storageEncrypted", true, true}, {"database", "username", "other", true}, {"database", "dbName", "other", true}, {"database", "engine", "mysql", true},
		{"policy", "state", "DISABLED", false}, {"policy", "description", "other", false},
		{"topic", "displayName", "x", false}, {"topic", "name", "other", true},
		{"topic's policy", "arn", "arn:aws:sns:us-west-2:123456789012:other", true}, {"topic's policy", "policy", "{}", false},
		{"subscription", "endpoint", "ops@example.org", true},
		{"alarm", "threshold", 80, false}, {"alarm", "name", "other", true},
		{"dashboard", "dashboardName", "other", true}, {"dashboard", "dashboardBody", "{}", false},
		{"budget", "limitAmount", "200", false}, {"budget", "name", "other", true},
	} {
		r := all[c.what]
		in := properties(r.in)
		in[resource.PropertyKey(c.key)] = resource.NewPropertyValue(c.to)
		d := w.diff(r.token, r.made, in)
		require.Equal(t, plugin.DiffSome, d.Changes, "%s of %s", c.key, c.what)
		require.Equal(t, c.replaces, len(d.ReplaceKeys) > 0, "another %s of a %s replaces it", c.key, c.what)
	}
	copying := all["policy"]
	copying.in["policyDetails"].(m)["schedules"].([]any)[0].(m)["copyTags"] = false
	require.NotEmpty(t, w.diff(copying.token, copying.made, properties(copying.in)).ReplaceKeys, "whether tags are copied is fixed")
}

func TestWhatKeepsDataAndWatchesIsReadAndImported(t *testing.T) {
	w := newWorld(t)
	all := everyKind(w)
	for what, written := range map[string]resource.ID{
		"subnets": "two", "parameters": "tls", "database": "lab", "policy": all["policy"].made.id,
		"topic": "arn:aws:sns:us-west-2:123456789012:alarms", "topic's policy": "arn:aws:sns:us-west-2:123456789012:alarms",
		"subscription": all["subscription"].made.id, "alarm": "busy", "dashboard": "lab", "budget": "123456789012:month",
	} {
		r := all[what]
		imported := w.read(r.token, written, nil, nil)
		require.Equal(t, r.made.id, imported.ID, what)
		require.Equal(t, plugin.DiffNone, w.diff(r.token, made{r.made.id, imported.Inputs, imported.Outputs}, imported.Inputs).Changes, what)
		refreshed := w.read(r.token, r.made.id, r.made.inputs, r.made.outputs)
		require.Equal(t, plugin.DiffNone, w.diff(r.token, made{r.made.id, refreshed.Inputs, refreshed.Outputs}, properties(r.in)).Changes, "what a refresh learns of a %s is no change", what)
	}
	require.Empty(t, w.read(databaseToken, "nobody", nil, nil).ID)
}

func TestADatabasesNameIsMadeWithoutADash(t *testing.T) {
	w := newWorld(t)
	in, wrong := w.check(databaseToken, nil, properties(m{"instanceClass": "db.t4g.micro"}))
	require.Empty(t, wrong)
	require.Regexp(t, `^it[0-9a-f]{7}$`, in["identifier"].StringValue())
}

func TestAPasswordOfADatabaseIsNotModelled(t *testing.T) {
	w := newWorld(t)
	_, wrong := w.check(databaseToken, nil, properties(m{"instanceClass": "db.t4g.micro", "password": "hunter2"}))
	require.Equal(t, map[string]string{"password": "the simulator does not model this property"}, wrong)
}
