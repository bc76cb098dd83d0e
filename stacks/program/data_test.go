package program_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

const (
	dbInstance     = "aws:rds/instance:Instance"
	snapshotPolicy = "aws:dlm/lifecyclePolicy:LifecyclePolicy"
	topicPolicy    = "aws:sns/topicPolicy:TopicPolicy"
)

func databasesAreClosedAndKept(r *recording.Recording) []string {
	tlsOnly := map[string]bool{}
	for _, g := range r.Of("aws:rds/parameterGroup:ParameterGroup") {
		tlsOnly[g.Text("name")] = g.Text("parameters[0].name") == "rds.force_ssl" && g.Text("parameters[0].value") == "1"
	}
	return each(r, dbInstance, func(d recording.Record) string {
		days, _ := d.Get("backupRetentionPeriod").(float64)
		switch {
		case d.Get("storageEncrypted") != true:
			return "is not encrypted"
		case d.Get("publiclyAccessible") != false:
			return "has a public address"
		case d.Get("password") != nil || d.Get("manageMasterUserPassword") != true:
			return "has a password that AWS does not manage"
		case !tlsOnly[d.Text("parameterGroupName")]:
			return "answers without TLS"
		case !strings.HasPrefix(r.Stack, "prod"):
			return ""
		case d.Get("deletionProtection") != true || !d.Protect:
			return "can be deleted"
		case d.Get("skipFinalSnapshot") != false || d.Text("finalSnapshotIdentifier") == "" || days < 1:
			return "has no backups"
		}
		return ""
	})
}

// dataHasSnapshots wants of every stack that keeps its data in SQLite a policy
// that takes snapshots of its volume. A policy takes what has any of its tags,
// so it has one.
func dataHasSnapshots(r *recording.Recording) []string {
	taken := map[string]int{} // by the name of what it is taken of
	wrong := each(r, snapshotPolicy, func(p recording.Record) string {
		tags, _ := p.Get("policyDetails.targetTags").(map[string]any)
		if len(tags) != 1 || p.Text("state") != "ENABLED" || p.Get("policyDetails.schedules[0].createRule.interval") == nil {
			return "is not a running policy for one tag"
		}
		for key, value := range tags {
			for _, record := range r.Records {
				of, _ := record.Get("tags").(map[string]any)
				if of[key] == value {
					taken[record.Name]++
				}
			}
		}
		return ""
	})
	raw := r.Named("release-settings").Text("content")
	if raw == "" {
		return wrong // an account
	}
	settings, err := deployed.Decode([]byte(raw))
	if err != nil {
		return append(wrong, err.Error())
	}
	switch {
	case settings.Database.Engine != deployed.SQLite:
		return wrong // RDS backs itself up
	case len(r.Of(snapshotPolicy)) == 0 && !strings.HasPrefix(r.Stack, "prod"):
		return wrong // database.backupDays is 0, which production refuses
	}
	if len(taken) != 1 || taken["host-data"] != 1 {
		wrong = append(wrong, fmt.Sprintf("snapshots are taken of %v", taken))
	}
	return wrong
}

// topicsAreForAlarms refuses a topic that somebody else than this account's
// services writes to.
func topicsAreForAlarms(r *recording.Recording) []string {
	covered := map[string]bool{}
	wrong := each(r, topicPolicy, func(p recording.Record) string {
		covered[p.Text("arn")] = true
		document, err := iam.Parse(p.Text("policy"), iam.Resource)
		if err != nil {
			return err.Error()
		}
		for _, s := range document.Statement {
			if who := *s.Principal; len(who) != 1 || len(who["Service"]) != 1 || !ofThisAccount(s) || !slices.Equal(s.Action, []string{"sns:Publish"}) {
				return fmt.Sprintf("lets %v do %v", who, s.Action)
			}
		}
		return ""
	})
	return append(wrong, each(r, "aws:sns/topic:Topic", func(topic recording.Record) string {
		if !covered["arn:aws:recorded:us-west-2:123456789012:"+topic.Name] {
			return "has no policy of its own"
		}
		return ""
	})...)
}

// serviceRolesAreForThisAccount reads the roles that AWS's services act under,
// machines' apart.
func serviceRolesAreForThisAccount(r *recording.Recording) []string {
	return each(r, role, func(p recording.Record) string {
		document, err := iam.Parse(p.Text("assumeRolePolicy"), iam.Trust)
		if err != nil {
			return err.Error()
		}
		for _, s := range document.Statement {
			who := *s.Principal
			switch {
			case len(who) == 1 && len(who["Federated"]) == 1: // workflows
			case len(who) != 1 || len(who["Service"]) != 1:
				return fmt.Sprintf("trusts %v", who)
			case who["Service"][0] != "ec2.amazonaws.com" && !ofThisAccount(s):
				return fmt.Sprintf("trusts %v for any account", who)
			}
		}
		return ""
	})
}

func ofThisAccount(s iam.Statement) bool {
	return slices.Equal(s.Condition["StringEquals"]["aws:SourceAccount"], []string{"123456789012"})
}

func trusts(principal string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{%s},"Action":"sts:AssumeRole"}]}`, principal)
}

func topicFor(principal, condition string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{%s},"Action":"sns:Publish","Resource":"arn:aws:sns:us-west-2:123456789012:t","Condition":%s}]}`, principal, condition)
}

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
		assert.Equal(t, deployed.Database{Engine: "postgres"}, settings.Database)
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
