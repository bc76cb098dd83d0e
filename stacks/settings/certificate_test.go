package settings_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

func TestWhatIsSaidToAnAuthorityThatIsNotAskedIsAMistake(t *testing.T) {
	for value, key := range map[string]string{
		`{"mode": "none", "challenge": "dns"}`: "tls.challenge",
		`{"mode": "none", "staging": true}`:    "tls.staging",
	} {
		found := problems(t, "test", good().with(one("tls", value)))
		require.Len(t, found, 1, value)
		assert.Equal(t, key, found[0].Key)
		assert.Contains(t, found[0].What, "no authority is asked with tls.mode: none")
		assert.Equal(t, "use tls.mode: acme, or remove it", found[0].Fix)
	}
}

func TestANarrowedNetworkGetsItsCertificateByARecord(t *testing.T) {
	for why, c := range map[string]config{
		"in the zone with the record":   {"lablink:dns": `{"provider": "route53", "domain": "lab.example.org"}`},
		"a record that is made by hand": {"lablink:dns": `{"provider": "route53", "domain": "lab.example.org", "manage": false}`},
	} {
		c["lablink:network"], c["lablink:tls"] = `{"zones": ["us-west-2a", "us-west-2b"], "allowedCidrs": ["192.0.2.0/24"]}`, `{"email": "lab@example.org", "challenge": "dns"}`
		assert.Empty(t, problems(t, "prod", good().with(c)), why)
	}
	byHand := config{"lablink:dns": `{"domain": "lab.example.org"}`, "lablink:tls": `{"mode": "acme", "email": "lab@example.org"}`}
	got, err := settings.Load("prod", good().with(byHand))
	require.NoError(t, err, "with DNS by hand, ports answer the challenge")
	assert.Equal(t, settings.ACME, got.TLS.Mode)
}
