package cloud_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func TestNamesLeadWhereRecordsAndLoadBalancersAre(t *testing.T) {
	b := newBalancing(t)
	zone, at := b.ZonesNamed("example.org")[0].ID, b.cloudflareZone()
	require.NoError(t, b.CreateRecord(&cloud.Record{ZoneID: zone, Name: "host", Type: "A", TTL: new(60), Records: []string{"192.0.2.1"}}))
	require.NoError(t, b.CreateRecord(&cloud.Record{ZoneID: zone, Name: "lab", Type: "A", Aliases: []cloud.RecordAlias{{Name: b.balancer.DNSName, ZoneID: b.balancer.ZoneID}}}))
	for _, r := range []cloud.CloudflareRecord{
		{Name: "proxied", Type: "A", Content: "192.0.2.2", Proxied: true}, {Name: "plain", Type: "A", Content: "192.0.2.3"},
		{Name: "six", Type: "AAAA", Content: "2001:db8::1"}, {Name: "balanced", Type: "CNAME", Content: b.balancer.DNSName},
	} {
		r.ZoneID = at
		require.NoError(t, b.CreateCloudflareRecord(&r))
	}
	own := b.Answer(b.balancer.DNSName, "A")
	require.Len(t, own, len(b.balancer.Subnets), "one in each subnet")
	for name, want := range map[string][]string{
		"host.example.org": {"192.0.2.1"}, "host.example.org.": {"192.0.2.1"}, "lab.example.org": own, "none.example.org": nil,
		"proxied.example.org": {cloud.CloudflareEdge}, "plain.example.org": {"192.0.2.3"}, "six.example.org": nil, "balanced.example.org": own,
	} {
		require.Equal(t, want, b.Answer(name, "A"), name)
	}
	require.Equal(t, []string{"2001:db8::1"}, b.Answer("six.example.org", "AAAA"))
	require.Empty(t, b.Answer("proxied.example.org", "AAAA"))
	for _, address := range own {
		require.Equal(t, b.balancer.ID, b.BalancerNamed(address))
	}
	require.Empty(t, b.BalancerNamed("192.0.2.1"))
	require.Empty(t, b.BalancerNamed(""))
}
