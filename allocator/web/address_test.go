package web

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAnAddressIsTakenFromAHeaderOnlyWhenAProxySendsIt(t *testing.T) {
	ranges := []string{"173.245.48.0/20", "10.20.0.0/24"}
	const cloudflare, forwarded = "CF-Connecting-IP", "X-Forwarded-For"
	for _, c := range []struct {
		why, header, peer string
		says              []string
		want              string
	}{
		{"a person through Cloudflare", cloudflare, "173.245.48.9:1234", []string{"192.0.2.7"}, "192.0.2.7"},
		{"a person with IPv6", cloudflare, "173.245.48.9:1234", []string{"2001:db8::7"}, "2001:db8::7"},
		{"somebody who comes past the proxy", cloudflare, "198.51.100.1:1234", []string{"192.0.2.7"}, "198.51.100.1"},
		{"a proxy that says nothing", cloudflare, "173.245.48.9:1234", nil, "173.245.48.9"},
		{"a proxy that says no address", cloudflare, "173.245.48.9:1234", []string{"somebody"}, "173.245.48.9"},
		{"a header that is not read", "", "173.245.48.9:1234", []string{"192.0.2.7"}, "173.245.48.9"},
		{"a proxy over IPv6", cloudflare, "[::ffff:173.245.48.9]:1234", []string{"192.0.2.7"}, "192.0.2.7"},
		{"a load balancer", forwarded, "10.20.0.5:1234", []string{"192.0.2.7"}, "192.0.2.7"},
		{"what a person made up", forwarded, "10.20.0.5:1234", []string{"203.0.113.1, 192.0.2.7"}, "192.0.2.7"},
		{"in two lines", forwarded, "10.20.0.5:1234", []string{"203.0.113.1", "192.0.2.7"}, "192.0.2.7"},
		{"two proxies in a row", forwarded, "10.20.0.5:1234", []string{"203.0.113.1, 192.0.2.7, 173.245.48.9"}, "192.0.2.7"},
		{"nonsense before the proxies", forwarded, "10.20.0.5:1234", []string{"x, 173.245.48.9"}, "173.245.48.9"},
	} {
		p, err := newProxies(ranges, c.header)
		require.NoError(t, err)
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		for _, value := range c.says {
			name := c.header
			if name == "" {
				name = forwarded
			}
			r.Header.Add(name, value)
		}
		var got string
		p.uncover(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got = remote(r) })).ServeHTTP(nil, r)
		assert.Equal(t, c.want, got, c.why)
	}
	_, err := newProxies([]string{"173.245.48.0"}, cloudflare)
	assert.ErrorContains(t, err, "read the ranges of trusted proxies")
}
