package provider_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/common/resource"
	"github.com/pulumi/pulumi/sdk/v3/go/common/resource/plugin"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/provider"
)

const (
	atCloudflare = "cloudflare:index/record:Record"
	originToken  = "cloudflare:index/originCaCertificate:OriginCaCertificate"
)

// cloudflare is the world with the other provider.
func cloudflare(t *testing.T) *world {
	t.Helper()
	return serve(t, provider.Cloudflare(), "cloudflare", m{"apiToken": cloud.CloudflareToken})
}

func (w *world) cloudflareZone() string { return w.account.CloudflareZonesNamed("example.org")[0].ID }

func TestCloudflareAnswersItsTokenAlone(t *testing.T) {
	for token, says := range map[string]string{
		"":      `must provide exactly one of "api_key", "api_token"`,
		"short": "API tokens must be 40 characters long",
		"another-token-00000000000000000000000000": "Authentication error (10000)",
	} {
		w := serve(t, provider.Cloudflare(), "cloudflare", m{"apiToken": token})
		_, err := w.invoke("cloudflare:index/getIpRanges:getIpRanges", m{}) // what is wrong with the settings is told by the first call
		require.ErrorContains(t, err, says, "%q", token)
	}
	w, own := cloudflare(t), urn("pulumi:providers:cloudflare", "cloudflare")
	out, err := w.engine.CheckConfig(t.Context(), plugin.CheckConfigRequest{URN: own, News: properties(m{"apiToken": "x", "email": "a@example.org"}), AllowUnknowns: true})
	require.NoError(t, err)
	require.Len(t, out.Failures, 1)
	require.Equal(t, "email", string(out.Failures[0].Property))
}

func TestARecordAtCloudflareIsReplacedByDeletingItFirst(t *testing.T) {
	w := cloudflare(t)
	in := m{"zoneId": w.cloudflareZone(), "name": "lab.example.org", "type": "A", "content": "192.0.2.1", "ttl": 1, "proxied": true}
	it := w.create(atCloudflare, properties(in))
	require.Equal(t, "lab.example.org", it.outputs["hostname"].StringValue())
	in["content"] = "192.0.2.2"
	change := w.diff(atCloudflare, it, properties(in))
	require.Empty(t, change.ReplaceKeys)
	require.Equal(t, []resource.PropertyKey{"content"}, change.ChangedKeys)
	in["type"], in["content"] = "CNAME", "lb.example.com"
	change = w.diff(atCloudflare, it, properties(in))
	require.Equal(t, []resource.PropertyKey{"type"}, change.ReplaceKeys)
	require.True(t, change.DeleteBeforeReplace)

	seen := w.read(atCloudflare, resource.ID(w.cloudflareZone()+"/"+string(it.id)), nil, nil)
	require.Equal(t, it.id, seen.ID, "an import by zone and record")
	require.Equal(t, it.inputs, seen.Inputs)

	_, err := w.engine.Create(t.Context(), plugin.CreateRequest{URN: urn(atCloudflare, "it"), Properties: it.inputs})
	require.ErrorContains(t, err, "creating Record (it): An identical record already exists. (81058)")
	require.NoError(t, w.remove(atCloudflare, it))
	require.NoError(t, w.remove(atCloudflare, it), "one that is gone already is no error")
	_, wrong := w.check(atCloudflare, nil, properties(m{"zoneId": "x", "name": "x", "type": "A", "value": "192.0.2.1"}))
	require.Equal(t, map[string]string{"value": "the simulator does not model this property"}, wrong)
}

func TestAnOriginCertificateIsReplacedWhenItsRequestChanges(t *testing.T) {
	w := cloudflare(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{}, key)
	require.NoError(t, err)
	in := m{"csr": string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: raw})), "hostnames": []any{"lab.example.org"}, "requestType": "origin-ecc", "requestedValidity": 5475}
	it := w.create(originToken, properties(in))
	require.Contains(t, it.outputs["certificate"].StringValue(), "-----BEGIN CERTIFICATE-----")
	require.False(t, it.outputs["certificate"].ContainsSecrets())
	require.Empty(t, w.diff(originToken, it, properties(in)).ChangedKeys)
	seen := w.read(originToken, it.id, it.inputs, it.outputs)
	require.Equal(t, it.inputs, seen.Inputs, "a refresh finds what was written")
	in["hostnames"] = []any{"other.example.org"}
	require.NotEmpty(t, w.diff(originToken, it, properties(in)).ReplaceKeys)
	require.NoError(t, w.remove(originToken, it))
	require.Empty(t, w.read(originToken, it.id, it.inputs, it.outputs).ID)
}

func TestCloudflaresFunctionsAnswer(t *testing.T) {
	w := cloudflare(t)
	const zones = "cloudflare:index/getZones:getZones"
	out, err := w.invoke(zones, m{"filter": m{"name": "example.org"}})
	require.NoError(t, err)
	require.Equal(t, []any{map[string]any{"id": w.cloudflareZone(), "name": "example.org"}}, out.Mappable()["zones"])
	out, err = w.invoke(zones, m{"filter": m{"name": "example.com"}})
	require.NoError(t, err)
	require.Empty(t, out.Mappable()["zones"], "no zone is no error")
	for says, filter := range map[string]m{
		"not status = active": {"name": "example.org", "status": "active"}, "not lookupType = contains": {"name": "example.org", "lookupType": "contains"},
		"the zones of a name": {},
	} {
		_, err := w.invoke(zones, m{"filter": filter})
		require.ErrorContains(t, err, says)
	}
	out, err = w.invoke("cloudflare:index/getIpRanges:getIpRanges", m{})
	require.NoError(t, err)
	require.Len(t, out.Mappable()["ipv4CidrBlocks"], 15)
	_, err = w.invoke("aws:ssm/getParameter:getParameter", m{"name": "/p"})
	require.ErrorContains(t, err, "does not have the function", "each provider has its own")
}
