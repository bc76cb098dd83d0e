package system

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
	"github.com/talmolab/lablink-infrastructure/stacks/outputs"
)

// bootable makes a stack one whose machines start on this computer; all else is as
// its file says.
var bootable = map[string][]string{
	"test": {
		"  lablink:pools:\n", "  lablink:allocator:\n    instanceType: sim.small\n    ami: ami-051700000000000a1\n  lablink:pools:\n",
		"[g5.xlarge, g4dn.xlarge]", "[sim.gpu]",
		"ssmParameter: /aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id", "id: ami-051700000000000a2",
	},
	"prod": {
		"ami: ami-0d12a364000000001\n    instanceType: t4g.small", "ami: ami-051700000000000a1\n    instanceType: sim.small",
		"[g5.xlarge, g6.xlarge, g4dn.xlarge]", "[sim.gpu]", "id: ami-0d1a6000000000003", "id: ami-051700000000000a2",
	},
}

// github is the identity provider that roles of environments trust, where the
// stack account is not deployed.
const github = "https://token.actions.githubusercontent.com"

// deployed is an environment with a name, as people reach it.
type deployed struct {
	*local
	outputs.Environment
	client *http.Client
	roots  *x509.CertPool
	doors  map[string]string // addresses on this computer, by the port that they lead to
}

// reach opens a door to a deployed environment. Its name leads there, and its
// certificate must be one that the simulated world trusts.
func (e *engine) reach(t *testing.T, s launcher.Stack) *deployed {
	t.Helper()
	out, err := e.Environment(t.Context(), s)
	require.NoError(t, err)
	doors := map[string]string{}
	for name, port := range map[string]int{"443": 443, "80": 80} {
		doors[name] = freeAddress(t)
		require.NoError(t, e.account.OpenDoor(t.Context(), control.Door{Listen: doors[name], Address: out.PublicAddress, Port: port}))
	}
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	pem, err := os.ReadFile(state.Authority.Roots)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	require.True(t, roots.AppendCertsFromPEM(pem))
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	name := strings.TrimPrefix(out.URL, "https://")
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots},
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			host, port, _ := net.SplitHostPort(address)
			if host != name && host != out.PublicAddress {
				return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
			}
			var d net.Dialer
			return d.DialContext(ctx, network, doors[port])
		},
		DisableKeepAlives: true,
	}
	return &deployed{&local{url: out.URL, password: out.InitialAdminPassword, transport: transport}, out, &http.Client{Jar: jar, Transport: transport, Timeout: time.Minute}, roots, doors}
}

// ready waits until the environment answers with the release that was deployed.
func (d *deployed) ready(t *testing.T) {
	t.Helper()
	client := &api.Client{URL: d.URL, HTTP: d.client}
	eventually(t, "the allocator answers over TLS with its release", func() bool {
		ready, err := client.Ready(t.Context())
		return err == nil && ready.Ready && ready.Release == d.Release.Manifest
	})
}

// login is staff who are logged in.
func (d *deployed) login(t *testing.T) *api.Client {
	t.Helper()
	admin := &api.Client{URL: d.URL, HTTP: d.client}
	require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: d.password}, nil))
	return admin
}

func (e *engine) orders(t *testing.T) int {
	t.Helper()
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	return state.Authority.Orders
}

// What an environment's file in the repository describes is deployed. Its host gets
// a certificate and answers with what was deployed. Another image replaces the host:
// address, volume and what is kept on it stay, and no certificate is ordered.
func TestAHostGetsItsCertificateAndTheNextOneKeepsIt(t *testing.T) {
	e := start(t, "--oidc", github)
	for _, c := range []struct{ stack, name, hsts string }{
		{"test", "test.lab.example.org", "max-age=86400"}, {"prod", "lab.example.org", "max-age=31536000"},
	} {
		t.Run(c.stack, func(t *testing.T) {
			s := e.stack(t, c.stack, bootable[c.stack]...)
			e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
			d := e.reach(t, s)
			require.Equal(t, "https://"+c.name, d.URL)
			require.Equal(t, c.stack, d.Environment.Environment)
			d.ready(t)
			v := e.verify(t, s, d)
			if c.stack == "test" {
				v.seesAnotherRecord(t, c.name, d.PublicAddress)
			}
			d.answersInPlain(t, c.name, c.hsts)

			// Machines trust the certificate, too.
			admin := d.login(t)
			d.await(t, admin, d.open(t, admin, 1), 1)
			machines := d.machines(t, admin)

			ordered, before := e.orders(t), resources(t, e.Pulumi, s.Name)
			require.Positive(t, ordered)
			raw, err := os.ReadFile(s.File)
			require.NoError(t, err)
			another := strings.Replace(string(raw), "ami: ami-051700000000000a1", "ami: ami-051700000000000a2", 1)
			require.NoError(t, os.WriteFile(s.File, []byte(another), 0o644))
			e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
			after := resources(t, e.Pulumi, s.Name)
			require.NotEqual(t, before["host-instance"], after["host-instance"], "it is another host")
			for _, name := range []string{"host-data", "host-interface", "host-address", "host-address-association"} {
				require.Equal(t, before[name], after[name], name)
			}
			d.ready(t) // at the door that was there
			e.verify(t, s, d)
			require.Equal(t, ordered, e.orders(t), "a new host orders no certificate")
			require.Equal(t, machines[0].ID, d.machines(t, admin)[0].ID, "the session and the machine are known")
			d.endAll(t, admin, e.account)
		})
	}
}

// answersInPlain checks what is told without TLS, and that people are led to it.
func (d *deployed) answersInPlain(t *testing.T, name, hsts string) {
	t.Helper()
	res, err := d.client.Get("http://" + d.PublicAddress + "/healthz")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNoContent, res.StatusCode, "health is told without a name")
	res, err = d.client.Get("http://" + d.PublicAddress + "/")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "https", res.Request.URL.Scheme, "people are led to TLS")
	require.Equal(t, name, res.Request.URL.Host)
	require.Equal(t, hsts, res.Header.Get("Strict-Transport-Security"))
}

// The authority is outside the networks that may reach the allocator.
func TestAHostOnANarrowedNetworkGetsItsCertificateByARecord(t *testing.T) {
	e := start(t, "--oidc", github)
	s := e.stack(t, "test", append([]string{
		"    mode: acme\n", "    mode: acme\n    challenge: dns\n",
		"  lablink:dns:\n", "  lablink:network:\n    allowedCidrs: [198.51.100.0/24]\n  lablink:dns:\n",
	}, bootable["test"]...)...)
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
	e.reach(t, s).ready(t)
	e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
}
