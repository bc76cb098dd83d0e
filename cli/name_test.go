package cli_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/cli"
	"github.com/talmolab/lablink-infrastructure/sim/authority"
)

// named makes DNS know these names and no other. A value that is no address is one
// that its server cannot tell.
func (d *deployment) named(t *testing.T, names map[string][]string) {
	t.Helper()
	server, err := authority.ServeNames(func(name, kind string) ([]string, error) {
		var out []string
		for _, value := range names[name] {
			a, err := netip.ParseAddr(value)
			if err != nil {
				return nil, errors.New(value)
			}
			if a.Is4() == (kind == "A") {
				out = append(out, value)
			}
		}
		return out, nil
	})
	require.NoError(t, err)
	t.Cleanup(server.Close)
	d.resolver = authority.Resolver(server.Address)
}

func TestVerifyLooksWhereTheNameLeadsAndSaysWhereItShould(t *testing.T) {
	const balancer = "people-1.us-west-2.elb.amazonaws.com"
	const name = "lab.example.org"
	for what, c := range map[string]struct {
		settings, address string
		names             map[string][]string
		code              int
		want              []string
	}{
		"the address": {acme, "203.0.113.5", map[string][]string{name: {"203.0.113.5"}}, 0, []string{"lab.example.org is 203.0.113.5, the allocator's address"}},
		"another address": {acme, "203.0.113.5", map[string][]string{name: {"198.51.100.7"}}, 1,
			[]string{"lab.example.org is 198.51.100.7, and should be 203.0.113.5, the allocator's address", "pulumi up --refresh: type A, name lab.example.org, value 203.0.113.5", "--wait 10m"}},
		"an address more": {acme, "203.0.113.5", map[string][]string{name: {"203.0.113.5", "2001:db8::1"}}, 1, []string{"lab.example.org is 2001:db8::1, and should be 203.0.113.5"}},
		"no record":       {acme, "203.0.113.5", nil, 1, []string{"there is no record of lab.example.org", "pulumi up --refresh"}},
		"no record by hand": {byHand, "203.0.113.5", nil, 1,
			[]string{"there is no record of lab.example.org", "make the record where the zone is: type A, name lab.example.org, value 203.0.113.5"}},
		"the load balancer": {acm, balancer, map[string][]string{name: {"203.0.113.8", "203.0.113.7"}, balancer: {"203.0.113.7", "203.0.113.8", "203.0.113.9"}}, 0,
			[]string{"lab.example.org is 203.0.113.7, 203.0.113.8, what the load balancer " + balancer + " is"}},
		"beside the load balancer": {acm, balancer, map[string][]string{name: {"203.0.113.5"}, balancer: {"203.0.113.7"}}, 1,
			[]string{"lab.example.org is 203.0.113.5, and should be 203.0.113.7", "type CNAME or alias, name lab.example.org, value " + balancer}},
		"a load balancer that is gone": {acm, balancer, map[string][]string{name: {"203.0.113.7"}}, 2, []string{"there is no record of " + balancer, "pulumi refresh"}},
		"Cloudflare": {cloudflare, "203.0.113.5", map[string][]string{name: {"104.16.1.1", "2606:4700::1"}}, 0,
			[]string{"lab.example.org is 104.16.1.1, 2606:4700::1: Cloudflare answers, in the place of 203.0.113.5"}},
		"past Cloudflare": {cloudflare, "203.0.113.5", map[string][]string{name: {"203.0.113.5"}}, 1,
			[]string{"lab.example.org is 203.0.113.5, the allocator's own address", "let Cloudflare proxy the record", "value 203.0.113.5, proxied"}},
		"beside Cloudflare": {cloudflare, "203.0.113.5", map[string][]string{name: {"104.16.1.1", "198.51.100.7"}}, 1, []string{"lab.example.org is 198.51.100.7, which is not Cloudflare's"}},
		"Cloudflare where it should not be": {unproxied, "203.0.113.5", map[string][]string{name: {"104.16.1.1"}}, 1,
			[]string{"lab.example.org is 104.16.1.1, which is Cloudflare's, and should be 203.0.113.5", "set the record to DNS only"}},
		"a server that cannot tell": {acme, "203.0.113.5", map[string][]string{name: {"broken"}}, 2, []string{"what lab.example.org is cannot be told", "whether the zone is delegated"}},
	} {
		t.Run(what, func(t *testing.T) {
			d := deploy(t)
			d.doors = map[string]string{"80": strings.TrimPrefix(d.stack.URL, "http://")}
			d.settings, d.stack.URL, d.stack.PublicAddress = c.settings, "http://"+name, c.address
			d.named(t, c.names)
			out, err := d.lablink(t, "verify", "--config-file", "other.yaml")
			for _, want := range c.want {
				require.Contains(t, out, want)
			}
			require.Equal(t, c.code, cli.ExitCode(err), "%v\n%s", err, out)
			require.Contains(t, out, "(v2) runs", "all else is looked at, too")
			require.Contains(t, d.called, "config --json --config-file other.yaml")
		})
	}
}

func TestAResolverThatDoesNotAnswerIsToldInWords(t *testing.T) {
	d := deploy(t)
	d.settings, d.stack.URL, d.stack.PublicAddress = acme, "http://lab.example.org", "203.0.113.5"
	d.resolver = &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) { return nil, os.ErrDeadlineExceeded }}
	out, err := d.lablink(t, "verify")
	require.Equal(t, 2, cli.ExitCode(err))
	require.Contains(t, out, "nobody says within 10s what lab.example.org is: the resolver of this computer does not answer")
}

// A deployment by its manifest alone says nothing of its name.
func TestWithoutAStackTheNameIsToldAndNotJudged(t *testing.T) {
	d := deploy(t)
	d.doors = map[string]string{"80": strings.TrimPrefix(d.stack.URL, "http://")}
	d.named(t, map[string][]string{"lab.example.org": {"198.51.100.7"}})
	out, err := d.lablink(t, "verify", "--release", sum("b"), "--url", "http://lab.example.org")
	require.NoError(t, err)
	require.Contains(t, out, "lab.example.org is 198.51.100.7")
	require.Empty(t, d.called)
}

func TestSettingsThatCannotBeReadLeaveItUntold(t *testing.T) {
	d := deploy(t)
	d.stack.URL = "http://lab.example.org"
	for settings, want := range map[string]string{"": "read the stack's settings", `{"lablink:dns": {"objectValue": {"manage": "no"}}}`: "read the setting lablink:dns"} {
		d.settings = settings
		_, err := d.lablink(t, "verify")
		require.ErrorContains(t, err, want)
		require.Equal(t, 2, cli.ExitCode(err))
	}
}
