package stack

import (
	"encoding/json"
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
		{"type": "updating", "resource": {"urn": "g", "type": "aws:kms/key:Key", "custom": true, "id": "1"}}
	]}}`

func TestWhatWasBeingMadeIsFoundByTheIdThatAWSGivesIt(t *testing.T) {
	raw, pending, forgotten, err := settle([]byte(cutShort), "123456789012")
	require.NoError(t, err)
	require.Equal(t, 6, pending)
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

func TestWhatIsProtectedDoesNotHoldTheRest(t *testing.T) {
	raw, protected, err := loosen([]byte(`{"deployment": {"resources": [
		{"urn": "stack"},
		{"urn": "host", "dependencies": ["address"]},
		{"urn": "address", "protect": true},
		{"urn": "record", "protect": true, "parent": "stack", "dependencies": ["host", "address"], "propertyDependencies": {"records": ["host", "address"], "name": null}}
	]}}`))
	require.NoError(t, err)
	require.Equal(t, 2, protected)
	require.JSONEq(t, `{"deployment": {"resources": [
		{"urn": "stack"},
		{"urn": "host", "dependencies": ["address"]},
		{"urn": "address", "protect": true},
		{"urn": "record", "protect": true, "parent": "stack", "dependencies": ["address"], "propertyDependencies": {"records": ["address"], "name": null}}
	]}}`, string(raw))
}
