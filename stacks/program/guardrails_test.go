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

// guardrails are all of them, with changes that each must notice.
var guardrails = []struct {
	rule   string
	check  guardrail
	spoils []spoil
}{
	{"instance metadata needs a token and stays on the machine", metadataIsClosed, []spoil{
		{instance, "metadataOptions.httpTokens", "optional"}, {template, "metadataOptions.httpTokens", "optional"},
		{instance, "metadataOptions.httpPutResponseHopLimit", 2}, {template, "metadataOptions.httpPutResponseHopLimit", 2},
		{instance, "metadataOptions", nil}, {template, "metadataOptions", nil},
	}},
	{"every volume is encrypted", volumesAreEncrypted, []spoil{
		{volume, "encrypted", false}, {instance, "rootBlockDevice.encrypted", false}, {instance, "rootBlockDevice", nil},
		{template, "blockDeviceMappings[0].ebs.encrypted", "false"}, {template, "blockDeviceMappings", nil},
	}},
	{"people reach 80 and 443 of the allocator, clients its port, and nobody anything else", doorsAreClosed, []spoil{
		{ingress, "fromPort", 22}, {ingress, "toPort", 65535}, {ingress, "ipProtocol", "-1"}, {ingress, "securityGroupId", "network-clients-id"},
		{group, "ingress", []any{map[string]any{"fromPort": 22}}}, {ingress, "cidrIpv6", "::/0"}, {ingress, "prefixListId", "pl-1"},
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
		{rolePolicy, "policy", allow("ec2:TerminateInstances", "*")}, {rolePolicy, "policy", "{}"},
		{managed, "policy", "{}"}, {"aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"},
		{role, "managedPolicyArns", []any{"arn:aws:iam::aws:policy/AdministratorAccess"}},
	}},
	{"machines' roles are for EC2 alone", machineRolesAreForEC2, []spoil{
		{role, "assumeRolePolicy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}`},
	}},
	{"machines' roles are bounded", machineRolesAreBounded, []spoil{
		{role, "permissionsBoundary", nil}, {role, "permissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess"}, {role, "path", "/"},
	}},
	{"everything that can be tagged says whose it is", everythingIsTagged, []spoil{
		{instance, "tags", nil}, {volume, `tags["lablink:deployment"]`, "another"}, {group, `tags["lablink:component"]`, ""},
		{"aws:ssm/parameter:Parameter", `tags["lablink:environment"]`, "other"}, {role, `tags["lablink:managed-by"]`, "hand"},
	}},
}

func TestEveryStackKeepsTheGuardrails(t *testing.T) {
	for _, stack := range stacks {
		recorded := stackOf(t, stack).record(t)
		require.NotEmpty(t, recorded.Records, stack)
		for _, g := range guardrails {
			assert.Empty(t, g.check(recorded), "%s: %s", stack, g.rule)
		}
	}
}

// spoil is a change to the first resource of a type.
type spoil struct {
	typ, path string
	to        any // nil takes the input away
}

func (s spoil) of(t *testing.T, recorded *recording.Recording) {
	t.Helper()
	i := slices.IndexFunc(recorded.Records, func(r recording.Record) bool { return r.Type == s.typ })
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

func TestTheGuardrailsNoticeWhatBreaksThem(t *testing.T) {
	for _, g := range guardrails {
		for _, s := range g.spoils {
			recorded := stackOf(t, "prod").record(t)
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
