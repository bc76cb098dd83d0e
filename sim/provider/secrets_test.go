package provider_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/asset"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"
)

func TestWhatGoesInAsASecretStaysOne(t *testing.T) {
	w := newWorld(t)
	secret := resource.MakeSecret(resource.NewProperty("hunter2"))
	w.create(bucketToken, properties(m{"bucket": "data"}))
	for _, c := range []struct {
		token, property string
		in              m
	}{
		{parameterToken, "value", m{"name": "/p", "type": "SecureString"}},
		{parameterToken, "description", m{"name": "/q", "type": "String", "value": "v"}},
		{objectToken, "content", m{"bucket": "data", "key": "k"}},
	} {
		t.Run(c.property, func(t *testing.T) {
			in := properties(c.in)
			in[resource.PropertyKey(c.property)] = secret
			it := w.create(c.token, in)
			for where, p := range map[string]resource.PropertyMap{"inputs": it.inputs, "outputs": it.outputs} {
				require.True(t, p[resource.PropertyKey(c.property)].IsSecret(), "%s of %s: %v", where, c.token, p[resource.PropertyKey(c.property)])
			}
			seen := w.read(c.token, it.id, it.inputs, it.outputs)
			require.True(t, seen.Outputs[resource.PropertyKey(c.property)].IsSecret())
		})
	}
	got, err := w.account.Parameter("/p")
	require.NoError(t, err)
	require.Equal(t, "hunter2", got.Value)
}

func TestAParametersValueIsASecretWhateverWentIn(t *testing.T) {
	w := newWorld(t)
	p := w.create(parameterToken, properties(m{"name": "/p", "type": "String", "value": "plain"}))
	require.True(t, p.outputs["value"].IsSecret())
}

func TestAnObjectsContentsComeFromAnAssetOrText(t *testing.T) {
	w := newWorld(t)
	w.create(bucketToken, properties(m{"bucket": "data"}))
	a, err := asset.FromText("hello")
	require.NoError(t, err)
	it := w.create(objectToken, resource.PropertyMap{"bucket": resource.NewProperty("data"), "source": resource.NewProperty(a)})
	require.Equal(t, "5d41402abc4b2a76b9719d911017c592", it.outputs["etag"].StringValue())
	_, err = w.engine.Create(t.Context(), plugin.CreateRequest{URN: urn(objectToken, "it"), Properties: resource.PropertyMap{
		"bucket": resource.NewProperty("data"), "key": resource.NewProperty("k"), "source": resource.NewProperty("a path"),
	}})
	require.ErrorContains(t, err, "source (an asset) or content only")
}
