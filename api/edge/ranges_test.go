package edge_test

import (
	"net/netip"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/talmolab/lablink-infrastructure/api/edge"
)

func TestTheRangesAreNetworksThatHoldNobodyTwice(t *testing.T) {
	var seen []netip.Prefix
	for _, r := range edge.Ranges() {
		p := netip.MustParsePrefix(r)
		assert.Equal(t, p.Masked(), p, "a network without host bits")
		assert.True(t, p.Addr().Is4(), r)
		for _, other := range seen {
			assert.False(t, p.Overlaps(other), "%s and %s", p, other)
		}
		seen = append(seen, p)
	}
	assert.Len(t, seen, 15)
}

func TestARangeIsCloudflaresWhenAllOfItIs(t *testing.T) {
	for r, want := range map[string]bool{
		"173.245.48.0/20": true, "173.245.48.0/24": true, "173.245.63.255/32": true, "104.24.0.0/14": true,
		"173.245.64.0/24": false, "173.245.48.0/19": false, "0.0.0.0/0": false, "192.0.2.0/24": false, "::/0": false,
	} {
		assert.Equal(t, want, edge.Holds(netip.MustParsePrefix(r)), r)
	}
}

func TestADifferenceFromCloudflaresAnswerIsNamed(t *testing.T) {
	added, gone := edge.Drift(edge.Ranges())
	assert.Empty(t, added)
	assert.Empty(t, gone)
	added, gone = edge.Drift(append(edge.Ranges()[1:], "192.0.2.0/24"))
	assert.Equal(t, []string{"192.0.2.0/24"}, added)
	assert.Equal(t, []string{"173.245.48.0/20"}, gone)
}

func TestCloudflareAnswersInItsRangesOfBothKinds(t *testing.T) {
	for address, want := range map[string]bool{
		"104.16.132.229": true, "::ffff:104.16.132.229": true, "172.67.0.1": true, "2606:4700::6810:84e5": true, "2a06:98c7:ffff::1": true,
		"203.0.113.1": false, "104.32.0.1": false, "2606:4701::1": false, "2a06:98c8::1": false, "127.0.0.1": false,
	} {
		assert.Equal(t, want, edge.Answers(netip.MustParseAddr(address)), address)
	}
}
