package program_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// guardrail is a rule that everything in every stack keeps. It tells what breaks
// it, a line for each.
type guardrail func(*recording.Recording) []string

// guardrails are all of them, with changes that each must notice in a production
// that has all that guarded shows.
var guardrails = []struct {
	rule   string
	check  guardrail
	spoils []spoil
}{
	{"instance metadata needs a token and stays on the machine, and there is no SSH key", metadataIsClosed, []spoil{
		{instance, "metadataOptions.httpTokens", "optional"}, {template, "metadataOptions.httpTokens", "optional"},
		{instance, "metadataOptions.httpPutResponseHopLimit", 2}, {template, "metadataOptions.httpPutResponseHopLimit", 2},
		{instance, "metadataOptions", nil}, {template, "metadataOptions", nil},
		{instance, "keyName", "somebody"}, {template, "keyName", "somebody"},
		{infrastructure, "instanceMetadataOptions.httpTokens", "optional"}, {infrastructure, "instanceMetadataOptions.httpPutResponseHopLimit", 2}, {infrastructure, "instanceMetadataOptions", nil},
	}},
	{"every volume is encrypted", volumesAreEncrypted, []spoil{
		{volume, "encrypted", false}, {instance, "rootBlockDevice.encrypted", false}, {instance, "rootBlockDevice", nil},
		{template, "blockDeviceMappings[0].ebs.encrypted", "false"}, {template, "blockDeviceMappings", nil},
		{recipe, "blockDeviceMappings[0].ebs.encrypted", "false"}, {recipe, "blockDeviceMappings", nil},
	}},
	{"people reach 80 and 443 of the allocator, clients its port, and nobody anything else", doorsAreClosed, []spoil{
		{ingress, "fromPort", 22}, {ingress, "toPort", 65535}, {ingress, "ipProtocol", "-1"}, {ingress, "securityGroupId", "network-clients-id"},
		{ingress, "referencedSecurityGroupId", "network-allocator-id"},
		{group, "ingress", []any{map[string]any{"fromPort": 22}}}, {ingress, "cidrIpv6", "::/0"}, {ingress, "prefixListId", "pl-1"},
		{iface, "securityGroups[0]", "network-clients-id"}, {iface, "securityGroups", nil}, {instance, "networkInterfaces", nil},
		{template, "networkInterfaces[0].securityGroups[0]", "network-allocator-id"}, {template, "networkInterfaces", nil},
	}},
	{"load balancers speak TLS", listenersSpeakTLS, []spoil{
		{listener, "sslPolicy", "ELBSecurityPolicy-2016-08"}, {listener, "protocol", "HTTP"}, {listener, "certificateArn", nil},
		{loadBalancer, "dropInvalidHeaderFields", false},
	}},
	{"buckets are closed, versioned, encrypted and reached over TLS only", bucketsAreClosed, []spoil{
		{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "blockPublicPolicy", false},
		{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket", "another"},
		{"aws:s3/bucketVersioningV2:BucketVersioningV2", "versioningConfiguration.status", "Suspended"},
		{"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "rules", nil},
		{"aws:s3/bucketPolicy:BucketPolicy", "policy", `{"Version":"2012-10-17","Statement":[]}`},
	}},
	{"no policy allows everything", policiesAreNarrow, []spoil{
		{rolePolicy, "policy", allow("*", "arn:aws:s3:::b")}, {rolePolicy, "policy", allow("s3:*", "arn:aws:s3:::b")},
		{rolePolicy, "policy", allow("ec2:TerminateInstances", "*")}, {rolePolicy, "policy", "{}"}, {rolePolicy, "policy", allow("ssmmessages:*", "*")},
		{managed, "policy", "{}"}, {"aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"},
		{role, "managedPolicyArns", []any{"arn:aws:iam::aws:policy/AdministratorAccess"}},
		{topicPolicy, "policy", topicFor(`"AWS":"*"`, `{"StringEquals":{"aws:SourceAccount":"123456789012"}}`)},
		{topicPolicy, "policy", topicFor(`"Service":"cloudwatch.amazonaws.com"`, `{}`)}, {topicPolicy, "arn", "another"},
	}},
	{"services act for this account alone", serviceRolesAreForThisAccount, []spoil{
		{role + " snapshots-role", "assumeRolePolicy", trusts(`"Service":"dlm.amazonaws.com"`)},
		{role + " snapshots-role", "assumeRolePolicy", trusts(`"AWS":"arn:aws:iam::123456789012:root"`)},
	}},
	{"a database is closed, encrypted and, in production, kept", databasesAreClosedAndKept, []spoil{
		{dbInstance, "storageEncrypted", nil}, {dbInstance, "publiclyAccessible", true}, {dbInstance, "password", "hunter2"},
		{dbInstance, "manageMasterUserPassword", nil}, {dbInstance, "deletionProtection", false}, {dbInstance, "skipFinalSnapshot", true},
		{dbInstance, "backupRetentionPeriod", 0}, {dbInstance, "parameterGroupName", "default.postgres17"},
		{"aws:rds/parameterGroup:ParameterGroup", "parameters[0].value", "0"},
	}},
	{"the data volume has snapshots, and nothing else has them", dataHasSnapshots, []spoil{
		{snapshotPolicy, "state", "DISABLED"}, {snapshotPolicy, `policyDetails.targetTags["lablink:environment"]`, "prod"},
		{snapshotPolicy, `policyDetails.targetTags["lablink:data"]`, "lablink/test"}, {volume, `tags["lablink:data"]`, "another"},
		{snapshotPolicy, "policyDetails.schedules", nil},
	}},
	{"machines' roles are for EC2 alone", machineRolesAreForEC2, []spoil{
		{role, "assumeRolePolicy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}`},
	}},
	{"machines' roles are bounded", machineRolesAreBounded, []spoil{
		{role, "permissionsBoundary", nil}, {role, "permissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess"}, {role, "path", "/"},
	}},
	{"everything that can be tagged says whose it is", everythingIsTagged, []spoil{
		{instance, "tags", nil}, {volume, `tags["lablink:deployment"]`, "another"}, {group, `tags["lablink:component"]`, ""},
		{"aws:ssm/parameter:Parameter", `tags["lablink:environment"]`, "other"}, {scalingGroup, "tags[2].value", "another"},
		{role, `tags["lablink:managed-by"]`, "hand"},
		{infrastructure, "resourceTags", nil}, {infrastructure, `resourceTags["lablink:deployment"]`, "another"}, {"aws:imagebuilder/component:Component", "tags", nil},
		{"aws:imagebuilder/distributionConfiguration:DistributionConfiguration", "distributions[0].amiDistributionConfiguration.amiTags", nil},
		{iface, "tags", nil}, {instance, "volumeTags", nil}, {template, "tagSpecifications[1]", nil},
	}},
}

func TestEveryStackKeepsTheGuardrails(t *testing.T) {
	for _, stack := range stacks {
		keepsGuardrails(t, stackOf(t, stack).record(t), stack)
	}
	for shape, recorded := range shapes(t) {
		keepsGuardrails(t, recorded, shape)
	}
	for why, r := range map[string]*run{
		"with pipelines": withImages(t), "with NAT": stackOf(t, "prod").set(map[string]string{"lablink:network": `{"nat": true}`}), "in an existing VPC": inVPC(t, "prod"),
		"at a dynamic address": stackOf(t, "local").set(map[string]string{"lablink:allocator": dynamic}),
	} {
		keepsGuardrails(t, r.record(t), why)
	}
}

func keepsGuardrails(t *testing.T, recorded *recording.Recording, what string) {
	t.Helper()
	require.NotEmpty(t, recorded.Records, what)
	for _, g := range guardrails {
		assert.Empty(t, g.check(recorded), "%s: %s", what, g.rule)
	}
}

// guarded is a stack with all that can be set, and one engine of databases.
func guarded(t *testing.T, stack, engine string) *recording.Recording {
	t.Helper()
	return stackOf(t, stack).set(map[string]string{
		"lablink:alarms": `{"emails": ["lab@example.org"]}`, "lablink:budget": `{"monthlyUsd": 100, "emails": ["lab@example.org"]}`,
		"lablink:database": `{"engine": "` + engine + `"}`,
	}).preview(t)
}

func TestTheGuardrailsHoldWhateverIsSet(t *testing.T) {
	for _, stack := range stacks {
		for _, engine := range []string{"sqlite", "postgres"} {
			recorded := guarded(t, stack, engine)
			for _, g := range guardrails {
				assert.Empty(t, g.check(recorded), "%s with %s: %s", stack, engine, g.rule)
			}
		}
	}
}

// spoil is a change to the first resource of a type, or, after a space, to the
// one of that name.
type spoil struct {
	typ, path string
	to        any // nil takes the input away
}

func (s spoil) of(t *testing.T, recorded *recording.Recording) {
	t.Helper()
	i := slices.IndexFunc(recorded.Records, s.matches)
	require.GreaterOrEqual(t, i, 0, "there is no %s", s.typ)
	path, err := resource.ParsePropertyPath(s.path)
	require.NoError(t, err)
	inputs := resource.NewProperty(recorded.Records[i].Inputs)
	if s.to == nil {
		require.True(t, path.Delete(inputs), "%s has no %s", s.typ, s.path)
		return
	}
	changed, ok := path.Add(inputs, resource.NewPropertyValue(s.to))
	require.True(t, ok, "%s has no %s", s.typ, s.path)
	recorded.Records[i].Inputs = changed.ObjectValue()
}

func (s spoil) matches(r recording.Record) bool { return s.typ == r.Type || s.typ == r.Type+" "+r.Name }

func TestTheGuardrailsNoticeWhatBreaksThem(t *testing.T) {
	for _, g := range guardrails {
		for _, s := range g.spoils {
			recorded := guarded(t, "prod", "sqlite")
			if !slices.ContainsFunc(recorded.Records, s.matches) {
				recorded = guarded(t, "prod", "postgres")
			}
			if !slices.ContainsFunc(recorded.Records, s.matches) {
				recorded = withImages(t).record(t)
			}
			if !slices.ContainsFunc(recorded.Records, s.matches) {
				recorded = several(t, "prod")
			}
			s.of(t, recorded)
			assert.NotEmpty(t, g.check(recorded), "%s: %s with %s = %v", g.rule, s.typ, s.path, s.to)
		}
	}
}

// each checks every resource of a type. A stack has them all or none.
func each(r *recording.Recording, typ string, check func(recording.Record) string) []string {
	var out []string
	for _, record := range r.Of(typ) {
		if wrong := check(record); wrong != "" {
			out = append(out, fmt.Sprintf("%s %s", record.Name, wrong))
		}
	}
	return out
}

func allow(action, resource string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q,"Resource":%q}]}`, action, resource)
}
