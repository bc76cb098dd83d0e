package program_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

func TestSnapshotsAreAsOftenAndAsManyAsIsSet(t *testing.T) {
	r := stackOf(t, "test").set(map[string]string{"lablink:database": `{"snapshotHours": 6, "backupDays": 2}`}).record(t)
	p := r.Named("snapshots-policy")
	assert.Equal(t, 6.0, p.Get("policyDetails.schedules[0].createRule.interval"))
	assert.Equal(t, 9.0, p.Get("policyDetails.schedules[0].retainRule.count"))
	none := stackOf(t, "test").set(map[string]string{"lablink:database": `{"backupDays": 0}`}).record(t)
	assert.Empty(t, none.Of(snapshotPolicy))
	assert.Empty(t, none.Named("snapshots-role").Name, "no role without a use")
}

func TestWithPostgresTheStackHasAnInstanceThatTheAllocatorMayOpen(t *testing.T) {
	for stack, protected := range map[string]bool{"prod": true, "test": false} {
		r := stackOf(t, stack).set(map[string]string{
			"lablink:database": `{"engine": "postgres", "instanceClass": "db.t4g.small", "multiAz": true, "backupDays": 3}`,
			"lablink:alarms":   `{"emails": ["lab@example.org"]}`,
		}).preview(t)
		i := r.Named("database-instance")
		assert.Equal(t, []any{"db.t4g.small", true, 3.0}, []any{i.Get("instanceClass"), i.Get("multiAz"), i.Get("backupRetentionPeriod")})
		assert.Equal(t, protected, i.Protect, stack)
		assert.Equal(t, protected, i.Get("deletionProtection"), stack)
		assert.Equal(t, map[string]any{"engine": "postgres", "endpoint": i.Text("identifier") + ".recorded.us-west-2.rds.amazonaws.com:5432"}, r.Outputs["database"].Value)
		secret := iam.Request{Action: "secretsmanager:GetSecretValue", Resource: "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!database-instance-id"}
		assert.Equal(t, iam.Allowed, iam.Evaluate(secret, parse(t, r.Named("host-permissions").Text("policy"), iam.Identity)))
		assert.Equal(t, iam.Implicit, iam.Evaluate(secret, parse(t, r.Named("pool-gpu-permissions").Text("policy"), iam.Identity)))
		assert.Equal(t, i.Text("identifier"), r.Named("watch-database-storage").Text("dimensions.DBInstanceIdentifier"))
		assert.Empty(t, r.Of(snapshotPolicy), "RDS backs itself up")
		settings, err := deployed.Decode([]byte(r.Named("release-settings").Text("content")))
		require.NoError(t, err)
		assert.Equal(t, deployed.Database{
			Engine: "postgres", Endpoint: i.Text("identifier") + ".recorded.us-west-2.rds.amazonaws.com:5432", Name: "lablink", SecretARN: secret.Resource,
		}, settings.Database)
	}
}

func TestBehindABalancerItsHostsAreWatchedAndAGroupIsNoSingleHost(t *testing.T) {
	alarms := map[string]string{"lablink:alarms": `{"emails": ["lab@example.org"]}`}
	one, two := balanced(t, "prod").set(alarms).preview(t), severalOf(t, "prod").set(alarms).preview(t)
	for _, r := range []*recording.Recording{one, two} {
		unhealthy := r.Named("watch-balancer-unhealthy")
		assert.Equal(t, "app/lablink-people-prod/0123456789abcdef", unhealthy.Text("dimensions.LoadBalancer"))
		assert.Equal(t, "targetgroup/lablink-people-hosts-prod/0123456789abcdef", unhealthy.Text("dimensions.TargetGroup"))
	}
	assert.Equal(t, "host-instance-id", one.Named("watch-host-recovery").Text("dimensions.InstanceId"))
	assert.Empty(t, two.Named("watch-host-recovery").Name, "the group replaces its hosts")
	assert.NotEmpty(t, two.Named("watch-database-storage").Name)
	secret := iam.Request{Action: "secretsmanager:GetSecretValue", Resource: "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!database-instance-id"}
	assert.Equal(t, iam.Allowed, iam.Evaluate(secret, parse(t, two.Named("host-permissions").Text("policy"), iam.Identity)), "every host opens the database")
}

func TestABudgetIsOfADeploymentOrOfTheAccount(t *testing.T) {
	set := map[string]string{"lablink:budget": `{"monthlyUsd": 400, "emails": ["lab@example.org"]}`}
	for stack, filtered := range map[string]bool{"test": true, "prod": true, "account": false} {
		b := stackOf(t, stack).set(set).record(t).Named("budget-budget")
		assert.Equal(t, "400", b.Text("limitAmount"), stack)
		assert.Equal(t, filtered, b.Get("costFilters") != nil, stack)
		assert.Empty(t, stackOf(t, stack).record(t).Named("budget-budget").Name, "%s has none unless it is set", stack)
	}
}

func TestTheHostIsWatchedWhoeverIsTold(t *testing.T) {
	for _, stack := range []string{"local", "test", "prod"} {
		r := stackOf(t, stack).record(t)
		assert.Equal(t, "host-instance-id", r.Named("watch-host-recovery").Text("dimensions.InstanceId"), stack)
		assert.Empty(t, r.Of("aws:sns/topic:Topic"), stack)
		told := stackOf(t, stack).set(map[string]string{"lablink:alarms": `{"emails": ["lab@example.org"]}`}).record(t)
		assert.Equal(t, "lab@example.org", told.Named("watch-email-lab@example.org").Text("endpoint"), stack)
	}
}
