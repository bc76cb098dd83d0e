package network_test

import (
	"fmt"
	"net/netip"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/talmolab/lablink-infrastructure/infra/network"
)

func TestSubnetsAreDisjointPartsOfTheRangeAndHoldTheirHost(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		octets := rapid.SliceOfN(rapid.Byte(), 4, 4).Draw(t, "address")
		bits := rapid.IntRange(16, 24).Draw(t, "bits")
		whole := netip.PrefixFrom(netip.AddrFrom4([4]byte(octets)), bits).Masked()
		zones := rapid.Permutation(zoneNames(16)).Draw(t, "zones")[:rapid.IntRange(1, 16).Draw(t, "how many")]

		plan, err := network.NewPlan(whole.String(), zones)
		require.NoError(t, err)
		require.Len(t, plan.Subnets, len(zones))
		early := slices.DeleteFunc(slices.Clone(zones), func(zone string) bool { return zone > "us-west-2h" })
		require.Len(t, plan.Private, len(early), "eight zones have room for private subnets")
		all := plan.Subnets
		if len(early) == len(zones) {
			all = slices.Concat(plan.Subnets, plan.Private)
		}
		for i, s := range all {
			assert.Equal(t, zones[i%len(zones)], s.Zone)
			assert.Equal(t, "us-west-2"+s.Letter, s.Zone)
			subnet, err := netip.ParsePrefix(s.Cidr)
			require.NoError(t, err)
			assert.Equal(t, subnet.Masked(), subnet, "a network, not an address in it")
			assert.True(t, whole.Contains(subnet.Addr()) && subnet.Bits() == whole.Bits()+4, "%s is a sixteenth of %s", s.Cidr, whole)
			host, err := netip.ParseAddr(s.Host)
			require.NoError(t, err)
			assert.True(t, subnet.Contains(host), "%s holds its host %s", s.Cidr, s.Host)
			assert.GreaterOrEqual(t, position(subnet, host), 4, "AWS keeps the first four addresses of %s", s.Cidr)
			nat, err := netip.ParseAddr(s.NAT)
			require.NoError(t, err)
			assert.Equal(t, host.Next(), nat, "the NAT gateway's is another one")
			for _, other := range all[:i] {
				assert.False(t, subnet.Overlaps(netip.MustParsePrefix(other.Cidr)), "%s overlaps %s", s.Cidr, other.Cidr)
			}
		}
	})
}

func TestTheSamePlanComesOutEveryTime(t *testing.T) {
	plan, err := network.NewPlan("10.20.0.0/16", []string{"us-west-2a", "us-west-2b"})
	require.NoError(t, err)
	assert.Equal(t, []network.SubnetPlan{
		{Zone: "us-west-2a", Letter: "a", Cidr: "10.20.0.0/20", Host: "10.20.0.10", NAT: "10.20.0.11"},
		{Zone: "us-west-2b", Letter: "b", Cidr: "10.20.16.0/20", Host: "10.20.16.10", NAT: "10.20.16.11"},
	}, plan.Subnets)
	assert.Equal(t, []string{"10.20.128.0/20", "10.20.144.0/20"}, []string{plan.Private[0].Cidr, plan.Private[1].Cidr})
}

// What is the same in two plans stays, and what is only in one shares no range
// with the other: zones are exchanged while machines run.
func TestAnotherZoneMovesNoSubnetAndStandsInNobodysWay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		before := rapid.Permutation(zoneNames(8)).Draw(t, "before")[:rapid.IntRange(2, 8).Draw(t, "how many before")]
		after := rapid.Permutation(zoneNames(8)).Draw(t, "after")[:rapid.IntRange(2, 8).Draw(t, "how many after")]
		one, err := network.NewPlan("10.20.0.0/16", before)
		require.NoError(t, err)
		two, err := network.NewPlan("10.20.0.0/16", after)
		require.NoError(t, err)
		for _, old := range slices.Concat(one.Subnets, one.Private) {
			for _, new := range slices.Concat(two.Subnets, two.Private) {
				if old.Cidr == new.Cidr {
					assert.Equal(t, old, new)
				}
				assert.Equal(t, old.Cidr == new.Cidr, netip.MustParsePrefix(old.Cidr).Overlaps(netip.MustParsePrefix(new.Cidr)))
			}
		}
	})
}

func TestWhatIsNoRangeOfAVPCIsRefused(t *testing.T) {
	for _, cidr := range []string{"", "10.20.0.0", "10.20.0.0/15", "10.20.0.0/25", "10.20.0.1/16", "fd00::/16", "::ffff:10.20.0.0/112", "10.20.0.0/16 "} {
		_, err := network.NewPlan(cidr, zoneNames(2))
		assert.ErrorContains(t, err, "for example 10.20.0.0/16", "the range %q", cidr)
	}
}

func TestWhatIsNoZoneOfItsOwnIsRefused(t *testing.T) {
	for _, zones := range [][]string{zoneNames(17), {"us-west-2a", "us-west-2a"}, {""}, {"us-west-2-lax-1"}} {
		_, err := network.NewPlan("10.20.0.0/16", zones)
		assert.ErrorContains(t, err, "want one that ends in a letter from a to p, each once", "%v", zones)
	}
}

func zoneNames(count int) []string {
	out := make([]string, count)
	for i := range out {
		out[i] = fmt.Sprintf("us-west-2%c", 'a'+i)
	}
	return out
}

// position is how many addresses come before addr in subnet.
func position(subnet netip.Prefix, addr netip.Addr) int {
	first, last := subnet.Addr().As4(), addr.As4()
	var d int
	for i := range first {
		d = d<<8 + int(last[i]) - int(first[i])
	}
	return d
}
