package settings_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api/edge"
	"github.com/talmolab/lablink-infrastructure/stacks/settings"
)

func TestBehindCloudflareTheAllocatorIsOpenForCloudflareAlone(t *testing.T) {
	for _, c := range []struct {
		allowed string
		want    []string
	}{
		{`[]`, edge.Ranges()},
		{`["173.245.48.0/24", "104.16.0.0/13"]`, []string{"173.245.48.0/24", "104.16.0.0/13"}},
	} {
		for _, stack := range []string{"test", "prod"} {
			got, err := settings.Load(stack, good().with(behindCloudflare(c.allowed)))
			require.NoError(t, err)
			assert.Equal(t, c.want, got.Network.AllowedCidrs, "allowedCidrs: %s in %s", c.allowed, stack)
			assert.Equal(t, 443, got.AgentPort())
		}
	}
}

func TestCloudflareIsAskedOnlyWhereItDoesSomething(t *testing.T) {
	for _, c := range []struct {
		dns, tls string
		want     bool
	}{
		{`{"provider": "cloudflare", "domain": "lab.example.org"}`, `{"mode": "cloudflare"}`, true},
		{`{"provider": "cloudflare", "domain": "lab.example.org"}`, `{"email": "lab@example.org"}`, true},
		{`{"provider": "cloudflare", "domain": "lab.example.org", "zoneId": "0123456789abcdef0123456789abcdef"}`, `{"email": "lab@example.org"}`, true},
		{`{"provider": "cloudflare", "domain": "lab.example.org", "manage": false}`, `{"mode": "cloudflare"}`, true},
		{`{"provider": "cloudflare", "domain": "lab.example.org", "manage": false}`, `{"email": "lab@example.org"}`, false},
		{`{"provider": "route53", "domain": "lab.example.org"}`, `{"email": "lab@example.org"}`, false},
		{`{"domain": "lab.example.org"}`, `{"email": "lab@example.org"}`, false},
	} {
		got, err := settings.Load("test", good().with(config{"lablink:dns": c.dns, "lablink:tls": c.tls}))
		require.NoError(t, err, c.dns)
		assert.Equal(t, c.want, got.CallsCloudflare(), "%s %s", c.dns, c.tls)
	}
}
