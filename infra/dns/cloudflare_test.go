package dns_test

import (
	"testing"

	"github.com/pulumi/pulumi/sdk/v3/go/pulumi"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/infra/dns"
	"github.com/talmolab/lablink-infrastructure/infra/recording"
)

const cloudflareRecord = "cloudflare:index/record:Record"

func findAtCloudflare(domain string, zones map[string][]string) (zone string, err error) {
	_, err = recording.Run("test", recording.Account{CloudflareZones: zones}, func(ctx *pulumi.Context) error {
		zone, err = dns.FindCloudflareZone(ctx, domain)
		return err
	})
	return zone, err
}

func TestWithoutOneZoneAtCloudflareTheErrorListsWhatThereIs(t *testing.T) {
	_, err := findAtCloudflare("a.lab.example.org", map[string][]string{"org": {"1"}, "ample.org": {"2"}})
	assert.ErrorContains(t, err, "lablink:dns.domain: cloudflare:apiToken sees no zone")
	assert.ErrorContains(t, err, "a.lab.example.org, lab.example.org, example.org)")
	_, err = findAtCloudflare("a.lab.example.org", map[string][]string{"lab.example.org": {"1", "2"}, "example.org": {"3"}})
	assert.ErrorContains(t, err, "lablink:dns.zoneId")
	assert.ErrorContains(t, err, "2 of the name lab.example.org: 1, 2: set dns.zoneId")
}

func TestACloudflareRecordPointsTheNameAtTheTarget(t *testing.T) {
	address := dns.Target{Address: pulumi.String("203.0.113.10")}
	balancer := dns.Target{Name: pulumi.String("lb.example.com"), ZoneID: pulumi.String("Z1")}
	for _, c := range []struct {
		why           string
		target        dns.Target
		proxied       bool
		kind, content string
		ttl           float64
	}{
		{"an address", address, false, "A", "203.0.113.10", 300},
		{"an address behind the proxy", address, true, "A", "203.0.113.10", 1},
		{"a load balancer", balancer, false, "CNAME", "lb.example.com", 300},
		{"a load balancer behind the proxy", balancer, true, "CNAME", "lb.example.com", 1},
	} {
		r, err := declare(&dns.DnsArgs{Cloudflare: true, Domain: "lab.example.org", ZoneID: "zone", Target: c.target, Proxied: c.proxied, Protect: true})
		require.NoError(t, err, c.why)
		record := r.Named("dns-record")
		assert.Equal(t, cloudflareRecord, record.Type)
		for path, want := range map[string]any{
			"zoneId": "zone", "name": "lab.example.org", "type": c.kind, "content": c.content, "ttl": c.ttl, "proxied": c.proxied, "allowOverwrite": nil,
		} {
			assert.Equal(t, want, record.Get(path), "%s of %s", path, c.why)
		}
		assert.True(t, record.Protect && record.RetainOnDelete, "a protected name stays")
		assert.Equal(t, "lab.example.org", r.Outputs["fqdn"].Value)
	}
	r, err := declare(&dns.DnsArgs{Cloudflare: true, Domain: "lab.example.org", ZoneID: "zone"})
	assert.ErrorContains(t, err, "Domain, ZoneID and Target are required")
	assert.Empty(t, r.Names())
}

func TestARecordThatIsMadeByHandIsSaid(t *testing.T) {
	const start = "no record is made for the allocator: make this one by hand: type "
	for _, c := range []struct {
		balancer, proxied bool
		kind, value, more string
	}{
		{false, false, "A", "203.0.113.10", ""},
		{false, true, "A", "203.0.113.10", ", proxied"},
		{true, false, "CNAME", "lb.example.com", ""},
		{true, true, "CNAME", "lb.example.com", ", proxied"},
	} {
		r, err := recording.Run("test", recording.Account{}, func(ctx *pulumi.Context) error {
			out, settle, _ := ctx.NewOutput() // as of a resource
			settle(c.value)
			value := out.ApplyT(func(v any) string { return v.(string) }).(pulumi.StringOutput)
			target := dns.Target{Address: value}
			if c.balancer {
				target = dns.Target{Name: value}
			}
			return dns.ByHand(ctx, &dns.DnsArgs{Domain: "lab.example.org", Proxied: c.proxied, Target: target})
		})
		require.NoError(t, err)
		record := start + c.kind + ", name lab.example.org, value"
		assert.Equal(t, []string{record + " as in the output publicAddress" + c.more, record + " " + c.value + c.more}, r.Notes)
		assert.Empty(t, r.Names())
		assert.Empty(t, r.Calls, "no zone is looked up")
	}
}
