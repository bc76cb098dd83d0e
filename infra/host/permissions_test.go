package host_test

import (
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/host"
	"github.com/talmolab/lablink-infrastructure/infra/naming"
	"github.com/talmolab/lablink-infrastructure/infra/policy"
	"github.com/talmolab/lablink-infrastructure/sim/iam"
)

var lab = naming.Namer{Deployment: "lablink", Environment: "test", AccountID: "123456789012", Region: "us-west-2"}

var grants = host.Grants{
	Namer: lab, Bucket: "the-bucket", ClientRoles: []string{"lablink-client-gpu-test-us-west-2"},
	SubnetIDs: []string{"subnet-1", "subnet-2"}, ClientGroup: "sg-clients", DatabaseSecret: databaseSecret,
}

const databaseSecret = "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!db-1"

const ec2 = "arn:aws:ec2:us-west-2:123456789012:"

// request is one call and what the role's policy should say to it.
type request struct {
	why, action, resource string
	context               map[string][]string
	want                  iam.Decision
}

// tags are the tags of something, as condition keys.
func tags(prefix, deployment, environment, managedBy string) map[string][]string {
	return map[string][]string{
		prefix + "lablink:deployment": {deployment}, prefix + "lablink:environment": {environment}, prefix + "lablink:managed-by": {managedBy},
	}
}

func has(deployment, environment, managedBy string) map[string][]string {
	return tags("aws:ResourceTag/", deployment, environment, managedBy)
}

func asks(deployment, environment, managedBy string) map[string][]string {
	return tags("aws:RequestTag/", deployment, environment, managedBy)
}

func passTo(service string) map[string][]string {
	return map[string][]string{"iam:PassedToService": {service}}
}

func createdBy(action string) map[string][]string {
	out := asks("lablink", "test", "allocator")
	maps.Copy(out, map[string][]string{"ec2:CreateAction": {action}})
	return out
}

func TestTheAllocatorMayDoItsWorkAndNoMore(t *testing.T) {
	secret := "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/test/secret/admin-password"
	role := "arn:aws:iam::123456789012:role/lablink/lablink/test/us-west-2/lablink-client-gpu-test-us-west-2"
	check(t, host.Permissions(grants), []request{
		{"its release", "ssm:GetParameter", "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/test/release", nil, iam.Allowed},
		{"its secrets", "ssm:GetParameter", secret, nil, iam.Allowed},
		{"another environment's secrets", "ssm:GetParameter", "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/prod/secret/admin-password", nil, iam.Implicit},
		{"moving the pointer", "ssm:PutParameter", "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/test/release", nil, iam.Implicit},

		{"a manifest", "s3:GetObject", "arn:aws:s3:::the-bucket/releases/x.json", nil, iam.Allowed},
		{"its settings", "s3:GetObject", "arn:aws:s3:::the-bucket/settings/x.json", nil, iam.Allowed},
		{"something else in the bucket", "s3:GetObject", "arn:aws:s3:::the-bucket/other", nil, iam.Implicit},
		{"another bucket", "s3:GetObject", "arn:aws:s3:::other/releases/x.json", nil, iam.Implicit},
		{"changing a release", "s3:PutObject", "arn:aws:s3:::the-bucket/releases/x.json", nil, iam.Implicit},

		{"what a participant made", "s3:PutObject", "arn:aws:s3:::the-bucket/work/lablink/test/wks_1/sea_1/a.csv", nil, iam.Allowed},
		{"giving it to the instructor", "s3:GetObject", "arn:aws:s3:::the-bucket/work/lablink/test/wks_1/sea_1/a.csv", nil, iam.Allowed},
		{"what another environment's made", "s3:GetObject", "arn:aws:s3:::the-bucket/work/lablink/prod/wks_1/sea_1/a.csv", nil, iam.Implicit},
		{"changing that", "s3:PutObject", "arn:aws:s3:::the-bucket/work/lablink/prod/wks_1/sea_1/a.csv", nil, iam.Implicit},
		{"listing that", "s3:ListBucket", "arn:aws:s3:::the-bucket", map[string][]string{"s3:prefix": {"work/lablink/prod/"}}, iam.Implicit},
		{"deleting it", "s3:DeleteObject", "arn:aws:s3:::the-bucket/work/lablink/test/wks_1/sea_1/a.csv", nil, iam.Implicit},
		{"listing it", "s3:ListBucket", "arn:aws:s3:::the-bucket", map[string][]string{"s3:prefix": {"work/lablink/test/wks_1/"}}, iam.Allowed},
		{"listing the whole bucket", "s3:ListBucket", "arn:aws:s3:::the-bucket", map[string][]string{"s3:prefix": {""}}, iam.Implicit},

		{"its database's password", "secretsmanager:GetSecretValue", databaseSecret, nil, iam.Allowed},
		{"another database's password", "secretsmanager:GetSecretValue", "arn:aws:secretsmanager:us-west-2:123456789012:secret:rds!db-2", nil, iam.Implicit},
		{"changing the password", "secretsmanager:PutSecretValue", databaseSecret, nil, iam.Implicit},

		{"looking for machines", "ec2:DescribeInstances", "*", nil, iam.Allowed},
		{"reading list prices", "pricing:GetProducts", "*", nil, iam.Allowed},
		{"reading spot prices", "ec2:DescribeSpotPriceHistory", "*", nil, iam.Allowed},
		{"how large types are", "ec2:DescribeInstanceTypes", "*", nil, iam.Allowed},
		{"how many machines the account may run", "servicequotas:GetServiceQuota", "arn:aws:servicequotas:us-west-2:123456789012:ec2/L-DB2E81BA", nil, iam.Allowed},
		{"asking for more of them", "servicequotas:RequestServiceQuotaIncrease", "arn:aws:servicequotas:us-west-2:123456789012:ec2/L-DB2E81BA", nil, iam.Implicit},
		{"looking at volumes", "ec2:DescribeVolumes", "*", nil, iam.Implicit},

		{"its own template", "ec2:CreateFleet", ec2 + "launch-template/lt-1", has("lablink", "test", "pulumi"), iam.Allowed},
		{"its own template", "ec2:RunInstances", ec2 + "launch-template/lt-1", has("lablink", "test", "pulumi"), iam.Allowed},
		{"another environment's template", "ec2:CreateFleet", ec2 + "launch-template/lt-1", has("lablink", "prod", "pulumi"), iam.Implicit},
		{"a template without tags", "ec2:RunInstances", ec2 + "launch-template/lt-1", nil, iam.Implicit},
		{"a fleet", "ec2:CreateFleet", ec2 + "fleet/fleet-1", nil, iam.Allowed},
		{"ending fleets", "ec2:DeleteFleets", ec2 + "fleet/fleet-1", nil, iam.Implicit},

		{"a machine with its tags", "ec2:RunInstances", ec2 + "instance/*", asks("lablink", "test", "allocator"), iam.Allowed},
		{"a volume with its tags", "ec2:RunInstances", ec2 + "volume/*", asks("lablink", "test", "allocator"), iam.Allowed},
		{"a machine with another environment's tags", "ec2:RunInstances", ec2 + "instance/*", asks("lablink", "prod", "allocator"), iam.Implicit},
		{"a machine without tags", "ec2:RunInstances", ec2 + "instance/*", nil, iam.Implicit},
		{"a machine in the host's name", "ec2:RunInstances", ec2 + "instance/*", asks("lablink", "test", "pulumi"), iam.Implicit},

		{"a fleet into its subnet", "ec2:CreateFleet", ec2 + "subnet/subnet-1", nil, iam.Allowed},
		{"a fleet into another subnet", "ec2:CreateFleet", ec2 + "subnet/subnet-9", nil, iam.Implicit},
		{"a fleet with the clients' group", "ec2:CreateFleet", ec2 + "security-group/sg-clients", nil, iam.Allowed},
		{"a fleet with another group", "ec2:CreateFleet", ec2 + "security-group/sg-other", nil, iam.Implicit},
		{"a fleet with an image", "ec2:CreateFleet", "arn:aws:ec2:us-west-2::image/ami-1", nil, iam.Allowed},
		{"a fleet with an image's snapshot", "ec2:CreateFleet", "arn:aws:ec2:us-west-2::snapshot/snap-1", nil, iam.Allowed},
		{"a fleet with an interface", "ec2:CreateFleet", ec2 + "network-interface/*", nil, iam.Allowed},
		{"a fleet with a key pair", "ec2:CreateFleet", ec2 + "key-pair/k", nil, iam.Implicit},
		{"into its subnet", "ec2:RunInstances", ec2 + "subnet/subnet-2", nil, iam.Allowed},
		{"into another subnet", "ec2:RunInstances", ec2 + "subnet/subnet-9", nil, iam.Implicit},
		{"with the clients' group", "ec2:RunInstances", ec2 + "security-group/sg-clients", nil, iam.Allowed},
		{"with another group", "ec2:RunInstances", ec2 + "security-group/sg-other", nil, iam.Implicit},
		{"with an image", "ec2:RunInstances", "arn:aws:ec2:us-west-2::image/ami-1", nil, iam.Allowed},
		{"with an image's snapshot", "ec2:RunInstances", "arn:aws:ec2:us-west-2::snapshot/snap-1", nil, iam.Allowed},
		{"with a key pair", "ec2:RunInstances", ec2 + "key-pair/k", nil, iam.Implicit},

		{"tagging what it launches", "ec2:CreateTags", ec2 + "instance/i-1", createdBy("CreateFleet"), iam.Allowed},
		{"tagging what exists", "ec2:CreateTags", ec2 + "instance/i-1", asks("lablink", "test", "allocator"), iam.Implicit},
		{"tagging what another action makes", "ec2:CreateTags", ec2 + "volume/vol-1", createdBy("CreateVolume"), iam.Implicit},

		{"ending its machine", "ec2:TerminateInstances", ec2 + "instance/i-1", has("lablink", "test", "allocator"), iam.Allowed},
		{"rebooting its machine", "ec2:RebootInstances", ec2 + "instance/i-1", has("lablink", "test", "allocator"), iam.Allowed},
		{"rebooting its own host", "ec2:RebootInstances", ec2 + "instance/i-1", has("lablink", "test", "pulumi"), iam.Implicit},
		{"labelling its machine", "ec2:CreateTags", ec2 + "instance/i-1", has("lablink", "test", "allocator"), iam.Allowed},
		{"ending another environment's machine", "ec2:TerminateInstances", ec2 + "instance/i-1", has("lablink", "prod", "allocator"), iam.Implicit},
		{"ending a machine of nobody's", "ec2:TerminateInstances", ec2 + "instance/i-1", nil, iam.Implicit},
		{"ending its own host", "ec2:TerminateInstances", ec2 + "instance/i-1", has("lablink", "test", "pulumi"), iam.Implicit},

		{"handing a client its role", "iam:PassRole", role, passTo("ec2.amazonaws.com"), iam.Allowed},
		{"handing the role to a function", "iam:PassRole", role, passTo("lambda.amazonaws.com"), iam.Implicit},
		{"handing out its own role", "iam:PassRole", lab.MachineRoleARN(host.RoleName(lab)), passTo("ec2.amazonaws.com"), iam.Implicit},
	})
}

// Whoever may set another record of the zone may take the lab's name, and others'.
func TestOnlyTheChallengesRecordMayBeChangedAndOnlyWhereItIsNeeded(t *testing.T) {
	text, err := host.Permissions(grants).JSON()
	require.NoError(t, err)
	assert.NotContains(t, text, "route53", "by default")

	proving := host.Grants{ChallengeZone: "Z1", Domain: "lab.example.org"}
	all := host.Permissions(proving)
	document := policy.Document{}
	for _, s := range all {
		if strings.HasPrefix(s.Action[0], "route53:") {
			document = append(document, s)
		}
	}
	changing := func(name, kind, action string) map[string][]string {
		return map[string][]string{
			"route53:ChangeResourceRecordSetsNormalizedRecordNames": {"_acme-challenge.lab.example.org", name},
			"route53:ChangeResourceRecordSetsRecordTypes":           {"TXT", kind},
			"route53:ChangeResourceRecordSetsActions":               {"UPSERT", action},
		}
	}
	const own, change = "_acme-challenge.lab.example.org", "route53:ChangeResourceRecordSets"
	check(t, document, []request{
		{"setting its record", change, "arn:aws:route53:::hostedzone/Z1", changing(own, "TXT", "UPSERT"), iam.Allowed},
		{"removing its record", change, "arn:aws:route53:::hostedzone/Z1", changing(own, "TXT", "DELETE"), iam.Allowed},
		{"another type", change, "arn:aws:route53:::hostedzone/Z1", changing(own, "CNAME", "UPSERT"), iam.Implicit},
		{"the lab's own name", change, "arn:aws:route53:::hostedzone/Z1", changing("lab.example.org", "TXT", "UPSERT"), iam.Implicit},
		{"a neighbour's challenge", change, "arn:aws:route53:::hostedzone/Z1", changing("_acme-challenge.mail.example.org", "TXT", "UPSERT"), iam.Implicit},
		{"a name below its own", change, "arn:aws:route53:::hostedzone/Z1", changing("x._acme-challenge.lab.example.org", "TXT", "UPSERT"), iam.Implicit},
		{"another action", change, "arn:aws:route53:::hostedzone/Z1", changing(own, "TXT", "CREATE"), iam.Implicit},
		{"another zone", change, "arn:aws:route53:::hostedzone/Z2", changing(own, "TXT", "UPSERT"), iam.Implicit},
		{"whether a change is everywhere", "route53:GetChange", "arn:aws:route53:::change/C1", nil, iam.Allowed},
		{"looking at records", "route53:ListResourceRecordSets", "arn:aws:route53:::hostedzone/Z1", nil, iam.Implicit},
		{"looking for zones", "route53:ListHostedZonesByName", "*", nil, iam.Implicit},
	})
}

func TestWithoutADatabaseTheAllocatorReadsNoSecretOfOne(t *testing.T) {
	without := grants
	without.DatabaseSecret = ""
	for _, s := range host.Permissions(without) {
		assert.NotContains(t, s.Action, "secretsmanager:GetSecretValue", s.Sid)
	}
}

func TestOnlyAnAllocatorWithSpotPoolsMayAskForSpotMachines(t *testing.T) {
	request := iam.Request{Action: "ec2:RunInstances", Resource: ec2 + "spot-instances-request/*"}
	for spot, want := range map[bool]iam.Decision{false: iam.Implicit, true: iam.Allowed} {
		g := grants
		g.Spot = spot
		text, err := host.Permissions(g).JSON()
		require.NoError(t, err)
		document, err := iam.Parse(text, iam.Identity)
		require.NoError(t, err)
		assert.Equal(t, want, iam.Evaluate(request, document), "spot: %v", spot)
	}
}

func TestAClientMayReadItsReleaseAndNoMore(t *testing.T) {
	check(t, host.ClientPermissions(lab, "the-bucket"), []request{
		{"the pointer", "ssm:GetParameter", "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/test/release", nil, iam.Allowed},
		{"a secret", "ssm:GetParameter", "arn:aws:ssm:us-west-2:123456789012:parameter/lablink/lablink/test/secret/admin-password", nil, iam.Implicit},
		{"a manifest", "s3:GetObject", "arn:aws:s3:::the-bucket/releases/x.json", nil, iam.Allowed},
		{"a binary", "s3:GetObject", "arn:aws:s3:::the-bucket/artifacts/x/lablink-agent-linux/amd64", nil, iam.Allowed},
		{"the allocator's settings", "s3:GetObject", "arn:aws:s3:::the-bucket/settings/x.json", nil, iam.Implicit},
		{"another bucket", "s3:GetObject", "arn:aws:s3:::other/releases/x.json", nil, iam.Implicit},
		{"launching", "ec2:RunInstances", ec2 + "instance/*", asks("lablink", "test", "allocator"), iam.Implicit},
		{"looking around", "ec2:DescribeInstances", "*", nil, iam.Implicit},
	})
}

// IAM takes 10 240 characters of inline policy for a role, white space left out.
func TestThePoliciesFitIntoARole(t *testing.T) {
	many := grants
	many.ChallengeZone, many.Domain = "Z0123456789ABCDEFGHIJ", strings.Repeat("a-long-label-of-a-name.", 10)+"org"
	for range 20 {
		many.ClientRoles = append(many.ClientRoles, lab.IAM("client-a-pool-of-20-chars", naming.MaxRole))
	}
	for name, d := range map[string]policy.Document{"twenty pools": host.Permissions(many), "client": host.ClientPermissions(lab, "the-bucket")} {
		text, err := d.JSON()
		require.NoError(t, err)
		assert.Less(t, len(text), 10_240, name)
	}
}

func check(t *testing.T, d policy.Document, requests []request) {
	t.Helper()
	text, err := d.JSON()
	require.NoError(t, err)
	document, err := iam.Parse(text, iam.Identity)
	require.NoError(t, err)
	used := map[string]bool{}
	for _, r := range requests {
		got := iam.Evaluate(iam.Request{Action: r.action, Resource: r.resource, Context: r.context}, document)
		assert.Equal(t, r.want, got, "%s: %s on %s with %v", r.why, r.action, r.resource, r.context)
		for _, s := range document.Statement {
			one := iam.Document{Version: document.Version, Statement: iam.Statements{s}}
			if iam.Evaluate(iam.Request{Action: r.action, Resource: r.resource, Context: r.context}, one) != iam.Implicit {
				used[s.Sid] = true
			}
		}
	}
	for _, s := range document.Statement {
		assert.True(t, used[s.Sid], "no request of the table needs the statement %s", s.Sid)
	}
}
