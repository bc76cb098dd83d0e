package program_test

import (
	"encoding/base64"
	"fmt"
	"slices"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

// spoils are changes that each rule must notice in a production that has all that
// guarded shows.
var spoils = map[string][]spoil{
	"instance metadata needs a token and stays on the machine, and there is no SSH key": {
		{instance, "metadataOptions.httpTokens", "optional"}, {template, "metadataOptions.httpTokens", "optional"},
		{instance, "metadataOptions.httpPutResponseHopLimit", 2}, {template, "metadataOptions.httpPutResponseHopLimit", 2},
		{instance, "metadataOptions", nil}, {template, "metadataOptions", nil},
		{instance, "keyName", "somebody"}, {template, "keyName", "somebody"},
		{infrastructure, "instanceMetadataOptions.httpTokens", "optional"}, {infrastructure, "instanceMetadataOptions.httpPutResponseHopLimit", 2}, {infrastructure, "instanceMetadataOptions", nil},
	},
	"every volume is encrypted": {
		{volume, "encrypted", false}, {instance, "rootBlockDevice.encrypted", false}, {instance, "rootBlockDevice", nil},
		{template, "blockDeviceMappings[0].ebs.encrypted", "false"}, {template, "blockDeviceMappings", nil},
		{recipe, "blockDeviceMappings[0].ebs.encrypted", "false"}, {recipe, "blockDeviceMappings", nil},
	},
	"people reach 80 and 443 of the allocator, clients its port, and nobody anything else": {
		{ingress, "fromPort", 22}, {ingress, "toPort", 65535}, {ingress, "ipProtocol", "-1"}, {ingress, "securityGroupId", "network-clients-id"},
		{ingress, "referencedSecurityGroupId", "network-allocator-id"},
		{group, "ingress", []any{map[string]any{"fromPort": 22}}}, {ingress, "cidrIpv6", "::/0"}, {ingress, "prefixListId", "pl-1"},
		{iface, "securityGroups[0]", "network-clients-id"}, {iface, "securityGroups", nil}, {instance, "networkInterfaces", nil},
		{template, "networkInterfaces[0].securityGroups[0]", "network-allocator-id"}, {template, "networkInterfaces", nil},
	},
	"load balancers speak TLS": {
		{listener, "sslPolicy", "ELBSecurityPolicy-2016-08"}, {listener, "protocol", "HTTP"}, {listener, "certificateArn", nil},
		{loadBalancer, "dropInvalidHeaderFields", false},
	},
	"buckets are closed, versioned, encrypted and reached over TLS only": {
		{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "blockPublicPolicy", false},
		{"aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "bucket", "another"},
		{"aws:s3/bucketVersioningV2:BucketVersioningV2", "versioningConfiguration.status", "Suspended"},
		{"aws:s3/bucketServerSideEncryptionConfigurationV2:BucketServerSideEncryptionConfigurationV2", "rules", nil},
		{"aws:s3/bucketPolicy:BucketPolicy", "policy", `{"Version":"2012-10-17","Statement":[]}`},
		{"aws:s3/bucketPolicy:BucketPolicy", "policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"*"}]}`},
		{"aws:s3/bucketPolicy:BucketPolicy", "policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::210987654321:root"},"Action":"s3:GetObject","Resource":"*"}]}`},
	},
	"no policy allows everything": {
		{rolePolicy, "policy", allow("*", "arn:aws:s3:::b")}, {rolePolicy, "policy", allow("s3:*", "arn:aws:s3:::b")},
		{rolePolicy, "policy", allow("ec2:TerminateInstances", "*")}, {rolePolicy, "policy", "{}"}, {rolePolicy, "policy", allow("ssmmessages:*", "*")}, {rolePolicy, "policy", allow("pricing:*", "*")},
		{rolePolicy, "policy", allow("iam:P*", "arn:aws:iam::123456789012:role/lablink/x")}, {rolePolicy, "policy", allow("iam:PassRole", "arn:aws:iam::123456789012:role/*")},
		{rolePolicy, "policy", allow("ec2:Create*", "arn:aws:ec2:us-west-2:123456789012:volume/*")}, {rolePolicy, "policy", allow("ec2:CreateVolume", "arn:aws:ec2:*:*:*")},
		{rolePolicy, "policy", allow("s3:GetObject", "arn:aws:s3:::*")}, {managed + " boundary", "policy", allow("s3:GetObject", "*")},
		{"aws:kms/key:Key", "policy", "{}"},
		{managed, "policy", "{}"}, {"aws:iam/rolePolicyAttachment:RolePolicyAttachment", "policyArn", "arn:aws:iam::aws:policy/AdministratorAccess"},
		{role, "managedPolicyArns", []any{"arn:aws:iam::aws:policy/AdministratorAccess"}},
		{topicPolicy, "policy", topicFor(`"AWS":"*"`, `{"StringEquals":{"aws:SourceAccount":"123456789012"}}`)},
		{topicPolicy, "policy", topicFor(`"Service":"cloudwatch.amazonaws.com"`, `{}`)}, {topicPolicy, "arn", "another"},
	},
	"services act for this account alone, and workflows by one audience and exact subjects": {
		{role + " snapshots-role", "assumeRolePolicy", trusts(`"Service":"dlm.amazonaws.com"`)},
		{role + " snapshots-role", "assumeRolePolicy", trusts(`"AWS":"arn:aws:iam::123456789012:root"`)},
		{role + " identity-deploy", "assumeRolePolicy", trusts(`"Federated":"arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"`)},
	},
	"a database is closed, encrypted and, in production, kept": {
		{dbInstance, "storageEncrypted", nil}, {dbInstance, "publiclyAccessible", true}, {dbInstance, "password", "hunter2"},
		{dbInstance, "manageMasterUserPassword", nil}, {dbInstance, "deletionProtection", false}, {dbInstance, "skipFinalSnapshot", true},
		{dbInstance, "backupRetentionPeriod", 0}, {dbInstance, "parameterGroupName", "default.postgres17"},
		{"aws:rds/parameterGroup:ParameterGroup", "parameters[0].value", "0"},
	},
	"the data volume has snapshots, and nothing else has them": {
		{snapshotPolicy, "state", "DISABLED"}, {snapshotPolicy, `policyDetails.targetTags["lablink:environment"]`, "prod"},
		{snapshotPolicy, `policyDetails.targetTags["lablink:data"]`, "lablink/test"}, {volume, `tags["lablink:data"]`, "another"},
		{snapshotPolicy, "policyDetails.schedules", nil},
	},
	"machines' roles are for EC2 alone": {
		{role, "assumeRolePolicy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"arn:aws:iam::123456789012:root"},"Action":"sts:AssumeRole"}]}`},
	},
	"machines' roles are bounded": {
		{role, "permissionsBoundary", nil}, {role, "permissionsBoundary", "arn:aws:iam::aws:policy/AdministratorAccess"}, {role, "path", "/"},
	},
	"everything that can be tagged says whose it is": {
		{instance, "tags", nil}, {volume, `tags["lablink:deployment"]`, "another"}, {group, `tags["lablink:component"]`, ""},
		{"aws:ssm/parameter:Parameter", `tags["lablink:environment"]`, "other"}, {scalingGroup, "tags[2].value", "another"},
		{role, `tags["lablink:managed-by"]`, "hand"},
		{infrastructure, "resourceTags", nil}, {infrastructure, `resourceTags["lablink:deployment"]`, "another"}, {"aws:imagebuilder/component:Component", "tags", nil},
		{"aws:imagebuilder/distributionConfiguration:DistributionConfiguration", "distributions[0].amiDistributionConfiguration.amiTags", nil},
		{iface, "tags", nil}, {instance, "volumeTags", nil}, {template, "tagSpecifications[1]", nil},
	},
	"what cannot be made again is protected where the settings say so, and nothing else": {
		{volume, "protect", false}, {bucket, "retainOnDelete", false}, {instance, "protect", true},
	},
	"no secret is readable in the state": {
		{"aws:ssm/parameter:Parameter admin-password", "value", "another"}, {"aws:ssm/parameter:Parameter admin-password", "type", "String"},
		{"aws:ssm/parameter:Parameter release-pointer", "value", password}, {instance, "userDataBase64", base64.StdEncoding.EncodeToString([]byte("--password '" + password + "'"))},
		{role, "description", "The password is " + password},
	},
}

// spoil is a change to the first resource of a type, or, after a space, to the
// one of that name.
type spoil struct {
	typ, path string // of an input, or the name of an option
	to        any    // nil takes the input away
}

func (s spoil) of(t *testing.T, recorded *recording.Recording) {
	t.Helper()
	i := slices.IndexFunc(recorded.Records, s.matches)
	require.GreaterOrEqual(t, i, 0, "there is no %s", s.typ)
	record := &recorded.Records[i]
	switch s.path {
	case "protect":
		record.Protect = s.to.(bool)
		return
	case "retainOnDelete":
		record.RetainOnDelete = s.to.(bool)
		return
	}
	path, err := resource.ParsePropertyPath(s.path)
	require.NoError(t, err)
	inputs := resource.NewProperty(record.Inputs)
	if s.to == nil {
		require.True(t, path.Delete(inputs), "%s has no %s", s.typ, s.path)
		return
	}
	changed, ok := path.Add(inputs, resource.NewPropertyValue(s.to))
	require.True(t, ok, "%s has no %s", s.typ, s.path)
	record.Inputs = changed.ObjectValue()
}

func (s spoil) matches(r recording.Record) bool { return s.typ == r.Type || s.typ == r.Type+" "+r.Name }

func allow(action, resource string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":%q,"Resource":%q}]}`, action, resource)
}

func trusts(principal string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{%s},"Action":"sts:AssumeRole"}]}`, principal)
}

func topicFor(principal, condition string) string {
	return fmt.Sprintf(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{%s},"Action":"sns:Publish","Resource":"arn:aws:sns:us-west-2:123456789012:t","Condition":%s}]}`, principal, condition)
}
