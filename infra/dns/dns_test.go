package dns_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/dns"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

func find(domain string, zones map[string][]string) (zone string, err error) {
	_, err = recording.Run("test", recording.Account{HostedZones: zones}, func(ctx *pulumi.Context) error {
		zone, err = dns.FindZone(ctx, domain)
		return err
	})
	return zone, err
}

func TestTheLongestZoneThatTheDomainEndsInIsFound(t *testing.T) {
	for _, c := range []struct {
		domain string
		zones  map[string][]string
		want   string
	}{
		{"a.lab.example.org", map[string][]string{"example.org": {"Z1"}}, "Z1"},
		{"a.lab.example.org", map[string][]string{"example.org": {"Z1"}, "lab.example.org": {"Z2"}}, "Z2"},
		{"lab.example.org", map[string][]string{"example.org": {"Z1"}, "lab.example.org": {"Z2"}}, "Z2"},
		{"example.org", map[string][]string{"example.org": {"Z1"}}, "Z1"},
		{"lab.university.ac.uk", map[string][]string{"university.ac.uk": {"Z3"}}, "Z3"},
		{"notexample.org", map[string][]string{"example.org": {"Z1"}, "notexample.org": {"Z4"}}, "Z4"},
	} {
		for provider, find := range map[string]func(string, map[string][]string) (string, error){"Route 53": find, "Cloudflare": findAtCloudflare} {
			zone, err := find(c.domain, c.zones)
			assert.NoError(t, err, c.domain)
			assert.Equal(t, c.want, zone, "%s: the zone of %s among %v", provider, c.domain, c.zones)
		}
	}
}

func TestWithoutAZoneTheErrorListsWhatWasTried(t *testing.T) {
	_, err := find("a.lab.example.org", map[string][]string{"org": {"Z1"}, "ample.org": {"Z2"}})
	assert.ErrorContains(t, err, "lablink:dns.domain")
	assert.ErrorContains(t, err, "a.lab.example.org, lab.example.org, example.org")
	assert.ErrorContains(t, err, "dns.provider: none")
	assert.NotContains(t, err.Error(), ", org", "a top-level domain is nobody's zone")
}

func TestTwoZonesOfOneNameAreRefusedAndTheFixIsNamed(t *testing.T) {
	_, err := find("a.lab.example.org", map[string][]string{"lab.example.org": {"Z1", "Z2"}, "example.org": {"Z3"}})
	assert.ErrorContains(t, err, "a.lab.example.org: lab.example.org: ", "the domain and the zone that there are two of")
	assert.ErrorContains(t, err, "multiple Route 53 Hosted Zones matched")
	assert.ErrorContains(t, err, "set dns.zoneId")
}

func declare(args *dns.DnsArgs) (*recording.Recording, error) {
	return recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
		d, err := dns.NewDns(ctx, "dns", args)
		if err == nil {
			ctx.Export("fqdn", d.FQDN)
		}
		return err
	})
}

func TestARecordPointsTheNameAtTheAddress(t *testing.T) {
	r, err := declare(&dns.DnsArgs{Domain: "lab.example.org", ZoneID: "Z1", Target: dns.Target{Address: pulumi.String("203.0.113.10")}, Protect: true})
	require.NoError(t, err)
	record := r.Named("dns-record")
	assert.Equal(t, "lab.example.org", record.Text("name"))
	assert.Equal(t, "A", record.Text("type"))
	assert.Equal(t, 300.0, record.Get("ttl"), "seconds")
	assert.Equal(t, []any{"203.0.113.10"}, record.Get("records"))
	assert.True(t, record.Protect && record.RetainOnDelete, "a protected name stays")
	assert.Nil(t, record.Get("allowOverwrite"), "somebody else's record is never taken over")
	assert.Equal(t, "lab.example.org", r.Outputs["fqdn"].Value)

	r, err = declare(&dns.DnsArgs{Domain: "lab.example.org", ZoneID: "Z1", Target: dns.Target{Address: pulumi.String("203.0.113.10")}, TTL: 60})
	require.NoError(t, err)
	assert.Equal(t, 60.0, r.Named("dns-record").Get("ttl"))
	assert.False(t, r.Named("dns-record").Protect)
}

func TestTheNameOfALoadBalancerIsAnAliasOfIt(t *testing.T) {
	target := dns.Target{Name: pulumi.String("lb-1.us-west-2.elb.amazonaws.com"), ZoneID: pulumi.String("Z1H1FL5HABSF5")}
	r, err := declare(&dns.DnsArgs{Domain: "lab.example.org", ZoneID: "Z1", Target: target, TTL: 60})
	require.NoError(t, err)
	record := r.Named("dns-record")
	assert.Equal(t, "A", record.Text("type"))
	assert.Equal(t, []any{map[string]any{"name": "lb-1.us-west-2.elb.amazonaws.com", "zoneId": "Z1H1FL5HABSF5", "evaluateTargetHealth": true}}, record.Get("aliases"))
	assert.Nil(t, record.Get("records"))
	assert.Nil(t, record.Get("ttl"), "an alias has its load balancer's")
}

func TestAnIncompleteRecordIsRefused(t *testing.T) {
	for _, args := range []*dns.DnsArgs{
		nil,
		{ZoneID: "Z1", Target: dns.Target{Address: pulumi.String("203.0.113.10")}},
		{Domain: "lab.example.org", Target: dns.Target{Address: pulumi.String("203.0.113.10")}},
		{Domain: "lab.example.org", ZoneID: "Z1"},
		{Domain: "lab.example.org", ZoneID: "Z1", Target: dns.Target{Name: pulumi.String("lb-1.us-west-2.elb.amazonaws.com")}},
		{Domain: "lab.example.org", ZoneID: "Z1", Target: dns.Target{
			Address: pulumi.String("203.0.113.10"), Name: pulumi.String("lb-1.us-west-2.elb.amazonaws.com"), ZoneID: pulumi.String("Z1H1FL5HABSF5"),
		}},
	} {
		r, err := declare(args)
		assert.ErrorContains(t, err, "Domain, ZoneID and Target are required", "%+v", args)
		assert.Empty(t, r.Names())
	}
}
