package stack

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

const cutShort = `{"version": 3, "deployment": {
	"manifest": {"version": "v3.258.0"},
	"resources": [{"urn": "urn:pulumi:account::lablink::aws:s3/bucketV2:BucketV2::old", "type": "aws:s3/bucketV2:BucketV2", "custom": true, "id": "old"}],
	"pending_operations": [
		{"type": "creating", "resource": {"urn": "a", "type": "aws:s3/bucketV2:BucketV2", "custom": true, "inputs": {"bucket": "state"}}},
		{"type": "creating", "resource": {"urn": "b", "type": "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock", "custom": true, "inputs": {"bucket": "state"}}},
		{"type": "creating", "resource": {"urn": "c", "type": "aws:iam/openIdConnectProvider:OpenIdConnectProvider", "custom": true, "inputs": {"url": "https://id.example.org"}}},
		{"type": "creating", "resource": {"urn": "d", "type": "aws:iam/policy:Policy", "custom": true, "inputs": {"name": "boundary"}}},
		{"type": "creating", "resource": {"urn": "e", "type": "aws:kms/alias:Alias", "custom": true, "inputs": {"name": "alias/state"}}},
		{"type": "creating", "resource": {"urn": "f", "type": "aws:kms/key:Key", "custom": true, "inputs": {}}},
		{"type": "creating", "resource": {"urn": "h", "type": "aws:iam/role:Role", "custom": true, "inputs": {"name": "image-gpu", "path": "/lablink/"}}},
		{"type": "creating", "resource": {"urn": "i", "type": "aws:iam/instanceProfile:InstanceProfile", "custom": true, "inputs": {"name": "image-gpu"}}},
		{"type": "creating", "resource": {"urn": "j", "type": "aws:iam/rolePolicy:RolePolicy", "custom": true, "inputs": {"role": "image-gpu", "name": "image"}}},
		{"type": "creating", "resource": {"urn": "k", "type": "aws:budgets/budget:Budget", "custom": true, "inputs": {"name": "month"}}},
		{"type": "updating", "resource": {"urn": "g", "type": "aws:kms/key:Key", "custom": true, "id": "1"}}
	]}}`

func TestWhatWasBeingMadeIsFoundByTheIdThatAWSGivesIt(t *testing.T) {
	raw, pending, forgotten, err := settle([]byte(cutShort), "123456789012")
	require.NoError(t, err)
	require.Equal(t, 10, pending)
	require.Equal(t, []string{"f"}, forgotten, "a key's id is made up by AWS")
	var state struct {
		Version    json.Number
		Deployment struct {
			Manifest          map[string]string
			Resources         []resource
			PendingOperations []any `json:"pending_operations"`
		}
	}
	require.NoError(t, json.Unmarshal(raw, &state))
	ids := map[string]string{}
	for _, r := range state.Deployment.Resources {
		ids[r.URN] = r.ID
	}
	require.Equal(t, map[string]string{
		"urn:pulumi:account::lablink::aws:s3/bucketV2:BucketV2::old": "old", "a": "state", "b": "state",
		"c": "arn:aws:iam::123456789012:oidc-provider/id.example.org", "d": "arn:aws:iam::123456789012:policy/boundary", "e": "alias/state",
		"h": "image-gpu", "i": "image-gpu", "j": "image-gpu:image", "k": "123456789012:month",
	}, ids)
	require.Empty(t, state.Deployment.PendingOperations)
	require.Equal(t, "v3.258.0", state.Deployment.Manifest["version"], "the rest stays")
	require.Equal(t, "3", state.Version.String())
}

func TestAStateWithoutPendingOperationsIsLeftAlone(t *testing.T) {
	raw, pending, _, err := settle([]byte(`{"deployment": {"resources": []}}`), "123456789012")
	require.NoError(t, err)
	require.Zero(t, pending)
	require.Nil(t, raw)
}

func TestWhatIsProtectedDoesNotHoldTheRestUnlessItStandsInIt(t *testing.T) {
	loose, err := loosen([]byte(`{"deployment": {"resources": [
		{"urn": "stack"},
		{"urn": "host", "dependencies": ["address"]},
		{"urn": "address", "protect": true},
		{"urn": "record", "protect": true, "parent": "stack", "dependencies": ["host", "address"], "propertyDependencies": {"records": ["host", "address"], "name": null}},
		{"urn": "database", "type": "aws:rds/instance:Instance", "protect": true, "dependencies": ["subnets"]},
		{"urn": "balancer", "type": "aws:lb/loadBalancer:LoadBalancer", "protect": true, "dependencies": ["subnets"]}
	]}}`), false)
	require.NoError(t, err)
	require.Equal(t, 4, loose.kept)
	require.Empty(t, loose.exclude)
	require.JSONEq(t, `{"deployment": {"resources": [
		{"urn": "stack"},
		{"urn": "host", "dependencies": ["address"]},
		{"urn": "address", "protect": true},
		{"urn": "record", "protect": true, "parent": "stack", "dependencies": ["address"], "propertyDependencies": {"records": ["address"], "name": null}},
		{"urn": "database", "type": "aws:rds/instance:Instance", "protect": true, "dependencies": ["subnets"]},
		{"urn": "balancer", "type": "aws:lb/loadBalancer:LoadBalancer", "protect": true, "dependencies": ["subnets"]}
	]}}`, string(loose.state))
}

func TestTheRolesOfWorkflowsAndWhatTheyNeedAreKeptWhereThatIsAsked(t *testing.T) {
	const identity = "urn:pulumi:test::lablink::lablink:identity:Identity"
	raw := []byte(`{"deployment": {"resources": [
		{"urn": "s", "type": "pulumi:pulumi:Stack"},
		{"urn": "p", "type": "pulumi:providers:aws"},
		{"urn": "bucket", "type": "aws:s3/bucketV2:BucketV2"},
		{"urn": "urn:pulumi:test::lablink::aws:iam/policy:Policy::boundary", "type": "aws:iam/policy:Policy"},
		{"urn": "` + identity + `::identity", "type": "lablink:identity:Identity"},
		{"urn": "` + identity + `$aws:iam/role:Role::identity-deploy", "type": "aws:iam/role:Role", "dependencies": ["bucket"]}
	]}}`)
	loose, err := loosen(raw, true)
	require.NoError(t, err)
	require.Equal(t, 3, loose.kept)
	require.NotContains(t, loose.exclude, "bucket")
	require.Len(t, loose.exclude, 2*5)
	require.Contains(t, string(loose.state), `"dependencies":[]`, "a bucket that a role may write to is not kept for that")
	loose, err = loosen(raw, false)
	require.NoError(t, err)
	require.Zero(t, loose.kept)
	require.Empty(t, loose.exclude)
}

const halfRetired = `{"deployment": {"resources": [
	{"urn": "a::b::pulumi:pulumi:Stack::c::stack", "type": "pulumi:pulumi:Stack"},
	{"urn": "::vpc", "type": "aws:ec2/vpc:Vpc", "custom": true, "id": "vpc-1"},
	{"urn": "::address", "type": "aws:ec2/eip:Eip", "custom": true, "id": "eipalloc-1", "retainOnDelete": true},
	{"urn": "::record", "type": "aws:route53/record:Record", "custom": true, "id": "Z_a_A", "retainOnDelete": true, "protect": true},
	{"urn": "::own", "type": "aws:s3/bucketV2:BucketV2", "custom": true, "id": "own"},
	{"urn": "::object", "type": "aws:s3/bucketObjectv2:BucketObjectv2", "custom": true, "id": "own/releases/1.json", "retainOnDelete": true, "inputs": {"bucket": "own"}},
	{"urn": "::shared", "type": "aws:s3/bucketObjectv2:BucketObjectv2", "custom": true, "id": "account/releases/2.json", "retainOnDelete": true, "inputs": {"bucket": "account"}},
	{"urn": "::spot-role", "type": "aws:iam/serviceLinkedRole:ServiceLinkedRole", "custom": true, "id": "arn", "retainOnDelete": true},
	{"urn": "::recipe", "type": "aws:imagebuilder/imageRecipe:ImageRecipe", "custom": true, "id": "arn:2", "retainOnDelete": true}
]}}`

func names(all []resource) []string {
	var out []string
	for _, r := range all {
		out = append(out, r.String())
	}
	return out
}

func TestWhatAnUpdateHasYetToLetGoIsTold(t *testing.T) {
	all, err := readResources([]byte(halfRetired))
	require.NoError(t, err)
	require.Len(t, all, 8, "what is no component")
	held := slices.DeleteFunc(slices.Clone(all), func(r resource) bool { return !r.held() })
	require.Equal(t, []string{"address (aws:ec2/eip:Eip, eipalloc-1)"}, names(held))
}

func TestWhatStaysInAWSOnPurposeIsTold(t *testing.T) {
	all, err := readResources([]byte(halfRetired))
	require.NoError(t, err)
	role, recipe := "spot-role (aws:iam/serviceLinkedRole:ServiceLinkedRole, arn)", "recipe (aws:imagebuilder/imageRecipe:ImageRecipe, arn:2)"
	shared := "shared (aws:s3/bucketObjectv2:BucketObjectv2, account/releases/2.json)"
	require.Equal(t, []string{shared, role, recipe}, names(forgotten(all, nil)), "an object goes with its bucket")
	own := "object (aws:s3/bucketObjectv2:BucketObjectv2, own/releases/1.json)"
	require.Equal(t, []string{own, shared, role, recipe}, names(forgotten(all, slices.Clone(all[3:4]))), "and stays with one")
	require.Empty(t, forgotten(all, all), "what the state still holds is not forgotten")
}
