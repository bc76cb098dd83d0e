package program_test

import (
	"encoding/base64"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/deployed"
	"github.com/talmolab/lablink-infrastructure/api/edge"
	"github.com/talmolab/lablink-infrastructure/infra/guardrail"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

const (
	cloudflareRecord  = "cloudflare:index/record:Record"
	originCertificate = "cloudflare:index/originCaCertificate:OriginCaCertificate"
	cloudflareZone    = "0123456789abcdef0123456789abcdef"
	token             = "cloudflare:apiToken"
)

// behindCloudflare is a run of a stack before which Cloudflare stands.
func behindCloudflare(t *testing.T, stack string) *run {
	t.Helper()
	return stackOf(t, stack).set(map[string]string{
		"lablink:dns": `{"provider": "cloudflare", "domain": "lab.example.org"}`, "lablink:tls": `{"mode": "cloudflare"}`, token: "secret-token",
	}).fit(t)
}

func TestAStackBehindCloudflareKeepsTheGuardrails(t *testing.T) {
	for _, stack := range []string{"test", "prod"} {
		recorded := behindCloudflare(t, stack).record(t)
		keepsGuardrails(t, recorded, stack)
		past := spoil{ingress, "cidrIpv4", "0.0.0.0/0"}
		ranged := recorded.Records[:0:0]
		for _, r := range recorded.Records { // the first rule is the agents'
			if r.Type != ingress || r.Text("cidrIpv4") != "" {
				ranged = append(ranged, r)
			}
		}
		recorded.Records = ranged
		past.of(t, recorded)
		assert.ErrorContains(t, guardrail.Check(held(recorded)), "leads past Cloudflare")
	}
}

// S20: the origin was open to the world.
func TestOnlyCloudflareReachesAnAllocatorThatItStandsBefore(t *testing.T) {
	recorded := behindCloudflare(t, "prod").record(t)
	open := map[float64][]string{}
	for _, rule := range recorded.Of(ingress) {
		if cidr := rule.Text("cidrIpv4"); cidr != "" {
			port, _ := rule.Get("fromPort").(float64)
			open[port] = append(open[port], cidr)
		}
	}
	assert.Len(t, open, 2)
	assert.ElementsMatch(t, edge.Ranges(), open[80])
	assert.ElementsMatch(t, edge.Ranges(), open[443])
}

func TestTheAllocatorServesCloudflareWithTheCertificateForTheKeptKey(t *testing.T) {
	recorded := behindCloudflare(t, "prod").record(t)
	record := recorded.Named("dns-record")
	assert.Equal(t, cloudflareRecord, record.Type)
	assert.Equal(t, cloudflareZone, record.Text("zoneId"))
	assert.Equal(t, true, record.Get("proxied"))
	assert.True(t, record.Protect)
	key := recorded.Named("origin-key")
	assert.Equal(t, "/lablink/lablink/prod/secret/origin-key", key.Text("name"))
	assert.True(t, key.Secret("value"))
	assert.Contains(t, recorded.Named("host-instance").DependsOn, "origin-key")

	const certificate = "-----BEGIN CERTIFICATE-----\norigin-certificate\n-----END CERTIFICATE-----\n"
	content := recorded.Named("release-settings")
	assert.False(t, content.Secret("content"), "a certificate is public")
	got, err := deployed.Decode([]byte(content.Text("content")))
	require.NoError(t, err)
	assert.Equal(t, deployed.TLS{
		Mode: "cloudflare", Domain: "lab.example.org", Certificate: certificate, KeyParameter: "/lablink/lablink/prod/secret/origin-key",
		HSTSSeconds: 31536000,
	}, got.TLS)
	assert.Equal(t, edge.Ranges(), got.TrustedProxies)
	assert.Equal(t, "CF-Connecting-IP", got.ClientAddressHeader)

	script, err := base64.StdEncoding.DecodeString(recorded.Named("pool-gpu-template").Text("userData"))
	require.NoError(t, err)
	assert.Contains(t, string(script), "'--tls-name' 'lab.example.org' '--trust' '"+base64.StdEncoding.EncodeToString([]byte(certificate))+"'")
	assert.Equal(t, "https://lab.example.org", recorded.Outputs["url"].Value)
	assert.Equal(t, "https://10.20.0.10", recorded.Outputs["agentUrl"].Value)

	for _, public := range []string{string(script), content.Text("content"), recorded.Named("origin-certificate").Text("csr")} {
		assert.NotContains(t, public, "PRIVATE KEY")
	}
}

// The zone belongs to others, too: what holds for all of it is not changed here.
func TestTheZonesOwnSettingsAreLeftAloneAndSpokenOf(t *testing.T) {
	recorded := behindCloudflare(t, "prod").record(t)
	for _, r := range recorded.Records {
		if r.Module() == "cloudflare" {
			assert.Contains(t, []string{cloudflareRecord, originCertificate}, r.Type)
		}
	}
	require.Len(t, recorded.Notes, 1)
	assert.Contains(t, recorded.Notes[0], "must be Full (strict)")
}

func TestRangesThatCloudflareHasChangedAreWarnedOf(t *testing.T) {
	r := behindCloudflare(t, "prod")
	assert.Empty(t, r.record(t).Warnings)
	r.account.CloudflareRanges = append(edge.Ranges()[1:], "192.0.2.0/24")
	warnings := r.record(t).Warnings
	require.Len(t, warnings, 2)
	assert.Contains(t, warnings[0], "also connects from [192.0.2.0/24]")
	assert.Contains(t, warnings[1], "does not connect from [173.245.48.0/20] any more")
	other := stackOf(t, "prod").record(t)
	assert.NotContains(t, other.Calls, "cloudflare:index/getIpRanges:getIpRanges", "nobody asks Cloudflare without need")
}

func TestARecordAtCloudflareWithACertificateOfItsOwn(t *testing.T) {
	recorded := behindCloudflare(t, "prod").set(map[string]string{"lablink:tls": `{"email": "lab@example.org"}`}).record(t)
	record := recorded.Named("dns-record")
	assert.Equal(t, cloudflareRecord, record.Type)
	assert.Equal(t, false, record.Get("proxied"), "the authority asks the allocator itself")
	assert.Empty(t, recorded.Of(originCertificate))
	assert.NotContains(t, recorded.Named("identity-deploy-permissions").Text("policy"), cloudflareZone, "Route 53 has no such zone")
}

func TestCloudflaresTokenIsAskedForOnlyWhereItIsUsed(t *testing.T) {
	r := behindCloudflare(t, "test")
	delete(r.config, token)
	recorded, err := r.do()
	require.ErrorContains(t, err, "Pulumi.test.yaml has 1 problem; nothing was deployed:\n  cloudflare:apiToken is not set")
	assert.ErrorContains(t, err, "pulumi config set --secret cloudflare:apiToken")
	assert.Empty(t, recorded.Names())
	assert.Empty(t, recorded.Calls, "nobody is asked")

	r.config[token] = "secret-token"
	recorded, err = r.do(recording.Secrets("lablink:adminPassword"))
	require.ErrorContains(t, err, "cloudflare:apiToken is in plain text")
	assert.NotContains(t, err.Error(), "secret-token")
	assert.Empty(t, recorded.Names())
	assert.Empty(t, recorded.Calls)

	other := stackOf(t, "test").set(map[string]string{token: "secret-token"})
	_, err = other.do(recording.Secrets())
	assert.NoError(t, err, "a token that is not used is somebody else's business")
}

// O18b: a zone was looked up that was of no use.
func TestAZoneIsLookedUpOnlyForARecordThatIsMadeInAZoneThatIsNotNamed(t *testing.T) {
	const aws, cloudflare = "aws:route53/getZone:getZone", "cloudflare:index/getZones:getZones"
	for _, c := range []struct{ why, dns, looked, record, zone string }{
		{"Route 53", `{"provider": "route53", "domain": "lab.example.org"}`, aws, "aws:route53/record:Record", "Z0123456789"},
		{"Route 53 with a zone", `{"provider": "route53", "domain": "lab.example.org", "zoneId": "Z7"}`, "", "aws:route53/record:Record", "Z7"},
		{"Route 53 by hand", `{"provider": "route53", "domain": "lab.example.org", "manage": false}`, "", "", ""},
		{"Cloudflare", `{"provider": "cloudflare", "domain": "lab.example.org"}`, cloudflare, cloudflareRecord, cloudflareZone},
		{"Cloudflare with a zone", `{"provider": "cloudflare", "domain": "lab.example.org", "zoneId": "00000000000000000000000000000007"}`, "", cloudflareRecord, "00000000000000000000000000000007"},
		{"Cloudflare by hand", `{"provider": "cloudflare", "domain": "lab.example.org", "manage": false}`, "", "", ""},
		{"nobody", `{"domain": "lab.example.org"}`, "", "", ""},
	} {
		r := behindCloudflare(t, "test").set(map[string]string{"lablink:dns": c.dns, "lablink:tls": `{"email": "lab@example.org"}`}).fit(t)
		if c.looked == "" {
			r.account.HostedZones, r.account.CloudflareZones = nil, nil
		}
		recorded := r.record(t)
		for _, call := range []string{aws, cloudflare} {
			assert.Equal(t, call == c.looked, slices.Contains(recorded.Calls, call), "%s: %s", c.why, call)
		}
		record := recorded.Named("dns-record")
		assert.Equal(t, c.record, record.Type, c.why)
		assert.Equal(t, c.zone, record.Text("zoneId"), c.why)
	}
}

func TestARecordThatIsMadeByHandIsInThePlan(t *testing.T) {
	const record = "no record is made for the allocator: make this one by hand: type A, name lab.example.org, value"
	r := behindCloudflare(t, "prod").set(map[string]string{"lablink:dns": `{"provider": "cloudflare", "domain": "lab.example.org", "manage": false}`})
	notes := r.record(t).Notes
	assert.Contains(t, notes, record+" as in the output publicAddress, proxied")
	assert.Contains(t, notes, record+" 203.0.113.10, proxied")
	notes = stackOf(t, "prod").set(map[string]string{"lablink:dns": `{"provider": "route53", "domain": "lab.example.org", "manage": false}`}).record(t).Notes
	assert.Equal(t, []string{record + " as in the output publicAddress", record + " 203.0.113.10"}, notes)
	assert.Empty(t, stackOf(t, "prod").record(t).Notes)
}

// The host proves the name by a record of its own, in a zone that must be found.
func TestAZoneIsLookedUpForTheAuthoritysChallengeToo(t *testing.T) {
	recorded := stackOf(t, "test").set(map[string]string{
		"lablink:dns": `{"provider": "route53", "domain": "lab.example.org", "manage": false}`, "lablink:tls": `{"email": "lab@example.org", "challenge": "dns"}`,
	}).fit(t).record(t)
	assert.Contains(t, recorded.Calls, "aws:route53/getZone:getZone")
	assert.Empty(t, recorded.Named("dns-record").Name)
	assert.Contains(t, recorded.Named("host-permissions").Text("policy"), "Z0123456789")
	assert.NotContains(t, recorded.Named("identity-deploy-permissions").Text("policy"), "Z0123456789", "a deployment makes no record")
}
