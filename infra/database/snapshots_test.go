package database_test

import (
	"fmt"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/database"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

var (
	lab     = naming.Namer{Deployment: "lablink", Environment: "test", AccountID: "123456789012", Region: "us-west-2"}
	account = recording.Account{ID: "123456789012", Region: "us-west-2"}
)

const boundary = pulumi.String("arn:aws:iam::123456789012:policy/boundary")

func snapshots(args *database.SnapshotsArgs) (*recording.Recording, error) {
	return recording.Run("test", account, func(ctx *pulumi.Context) error {
		_, err := database.NewSnapshots(ctx, "snapshots", args)
		return err
	})
}

func TestSnapshotsReachBackAsFarAsTheyAreKept(t *testing.T) {
	for _, c := range []struct{ every, days, count int }{{12, 7, 15}, {24, 1, 2}, {1, 35, 841}, {8, 1, 4}, {6, 30, 121}} {
		r, err := snapshots(&database.SnapshotsArgs{Namer: lab, EveryHours: c.every, KeepDays: c.days, Boundary: boundary})
		require.NoError(t, err)
		p := r.Named("snapshots-policy")
		assert.Equal(t, float64(c.every), p.Get("policyDetails.schedules[0].createRule.interval"))
		kept := p.Get("policyDetails.schedules[0].retainRule.count").(float64)
		assert.Equal(t, float64(c.count), kept, "every %d hours for %d days", c.every, c.days)
		assert.GreaterOrEqual(t, (int(kept)-1)*c.every, c.days*24, "hours back, just before the next snapshot")
	}
}

// A policy takes what has any of its tags: two would take the volumes of every
// environment, and of every machine.
func TestSnapshotsAreOfOneVolumeAlone(t *testing.T) {
	r, err := snapshots(&database.SnapshotsArgs{Namer: lab, EveryHours: 12, KeepDays: 7, Boundary: boundary})
	require.NoError(t, err)
	p := r.Named("snapshots-policy")
	assert.Equal(t, map[string]any{"lablink:data": "lablink/test"}, p.Get("policyDetails.targetTags"))
	assert.Equal(t, []any{"VOLUME"}, p.Get("policyDetails.resourceTypes"))
	assert.Equal(t, true, p.Get("policyDetails.schedules[0].copyTags"), "they are known by the volume's tag")
	assert.Equal(t, "ENABLED", p.Text("state"))
	assert.Regexp(t, `^[0-9A-Za-z _-]{1,500}$`, p.Text("description"))
	assert.Contains(t, p.DependsOn, "snapshots-permissions")
}

func TestTheRoleOfSnapshotsIsForLifecyclePoliciesOfThisAccount(t *testing.T) {
	r, err := snapshots(&database.SnapshotsArgs{Namer: lab, EveryHours: 12, KeepDays: 7, Boundary: boundary})
	require.NoError(t, err)
	role := r.Named("snapshots-role")
	assert.Equal(t, string(boundary), role.Text("permissionsBoundary"))
	assert.Equal(t, "/lablink/lablink/test/us-west-2/", role.Text("path"))
	trust, err := iam.Parse(role.Text("assumeRolePolicy"), iam.Trust)
	require.NoError(t, err)
	from := func(service, account, arn string) iam.Request {
		return iam.Request{PrincipalType: "Service", Principal: service, Action: "sts:AssumeRole", Context: map[string][]string{
			"aws:SourceAccount": {account}, "aws:SourceArn": {arn},
		}}
	}
	own := "arn:aws:dlm:us-west-2:123456789012:policy/policy-1"
	for why, c := range map[string]struct {
		request iam.Request
		want    iam.Decision
	}{
		"a policy of this account": {from("dlm.amazonaws.com", "123456789012", own), iam.Allowed},
		"another account's":        {from("dlm.amazonaws.com", "210987654321", "arn:aws:dlm:us-west-2:210987654321:policy/policy-1"), iam.Implicit},
		"another Region's":         {from("dlm.amazonaws.com", "123456789012", "arn:aws:dlm:eu-west-1:123456789012:policy/policy-1"), iam.Implicit},
		"a machine":                {from("ec2.amazonaws.com", "123456789012", own), iam.Implicit},
	} {
		assert.Equal(t, c.want, iam.Evaluate(c.request, trust), why)
	}
}

func TestSnapshotsAreTakenOfOwnDataAndOwnOnesDeleted(t *testing.T) {
	const ec2 = "arn:aws:ec2:us-west-2:123456789012:"
	const snapshot = "arn:aws:ec2:us-west-2::snapshot/snap-1"
	has := func(value string) map[string][]string {
		return map[string][]string{"aws:ResourceTag/lablink:data": {value}}
	}
	asks := func(value string) map[string][]string {
		return map[string][]string{"aws:RequestTag/lablink:data": {value}}
	}
	machine := map[string][]string{"aws:ResourceTag/lablink:deployment": {"lablink"}, "aws:ResourceTag/lablink:environment": {"test"}}
	text, err := database.SnapshotPermissions(lab).JSON()
	require.NoError(t, err)
	document, err := iam.Parse(text, iam.Identity)
	require.NoError(t, err)
	requests := []struct {
		why, action, resource string
		context               map[string][]string
		want                  iam.Decision
		sid                   string // the statement that this is about
	}{
		{"looking for volumes", "ec2:DescribeVolumes", "*", nil, iam.Allowed, "Look"},
		{"looking at machines", "ec2:DescribeInstances", "*", nil, iam.Implicit, "Look"},
		{"its volume", "ec2:CreateSnapshot", ec2 + "volume/vol-1", has("lablink/test"), iam.Allowed, "TakeOfOwnVolume"},
		{"another environment's volume", "ec2:CreateSnapshot", ec2 + "volume/vol-2", has("lablink/prod"), iam.Implicit, "TakeOfOwnVolume"},
		{"a machine's disk", "ec2:CreateSnapshot", ec2 + "volume/vol-3", machine, iam.Implicit, "TakeOfOwnVolume"},
		{"the snapshot", "ec2:CreateSnapshot", "arn:aws:ec2:us-west-2::snapshot/*", nil, iam.Allowed, "Take"},
		{"a snapshot elsewhere", "ec2:CreateSnapshot", "arn:aws:ec2:eu-west-1::snapshot/*", nil, iam.Implicit, "Take"},
		{"its tag on the snapshot", "ec2:CreateTags", snapshot, asks("lablink/test"), iam.Allowed, "TagAsOwn"},
		{"another's tag", "ec2:CreateTags", snapshot, asks("lablink/prod"), iam.Implicit, "TagAsOwn"},
		{"its tag on a volume", "ec2:CreateTags", ec2 + "volume/vol-3", asks("lablink/test"), iam.Implicit, "TagAsOwn"},
		{"an old one", "ec2:DeleteSnapshot", snapshot, has("lablink/test"), iam.Allowed, "DeleteOwn"},
		{"another environment's", "ec2:DeleteSnapshot", snapshot, has("lablink/prod"), iam.Implicit, "DeleteOwn"},
		{"somebody's", "ec2:DeleteSnapshot", snapshot, nil, iam.Implicit, "DeleteOwn"},
		{"the volume itself", "ec2:DeleteVolume", ec2 + "volume/vol-1", has("lablink/test"), iam.Implicit, ""},
		{"giving one away", "ec2:ModifySnapshotAttribute", snapshot, has("lablink/test"), iam.Implicit, ""},
	}
	tried := map[string]int{}
	for _, r := range requests {
		request := iam.Request{Action: r.action, Resource: r.resource, Context: r.context}
		assert.Equal(t, r.want, iam.Evaluate(request, document), "%s: %s on %s", r.why, r.action, r.resource)
		tried[fmt.Sprint(r.sid, r.want)]++
	}
	for _, s := range document.Statement {
		for _, d := range []iam.Decision{iam.Allowed, iam.Implicit} {
			assert.NotZero(t, tried[fmt.Sprint(s.Sid, d)], "no request tries whether %s decides %v", s.Sid, d)
		}
	}
}

func TestSnapshotsWithoutATimeAreRefused(t *testing.T) {
	for why, args := range map[string]*database.SnapshotsArgs{
		"nothing": nil, "no interval": {Namer: lab, KeepDays: 7, Boundary: boundary}, "none kept": {Namer: lab, EveryHours: 12, Boundary: boundary},
		"no boundary": {Namer: lab, EveryHours: 12, KeepDays: 7},
	} {
		r, err := snapshots(args)
		assert.ErrorContains(t, err, "EveryHours, KeepDays and Boundary are required", why)
		assert.Empty(t, r.Names(), why)
	}
}
