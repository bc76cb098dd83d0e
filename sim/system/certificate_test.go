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

// bootable makes the stack test one whose machines start on this computer.
var bootable = []string{
	"    email: lab@example.org\n", "    email: lab@example.org\n  lablink:allocator:\n    instanceType: sim.small\n    ami: ami-051700000000000a1\n    dataVolumeGiB: 1\n",
	"[g5.xlarge, g4dn.xlarge]", "[sim.gpu]",
	"ssmParameter: /aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id", "id: ami-051700000000000a2",
	"  lablink:github:\n    repository: talmolab/lablink-infrastructure\n", "",
}

// deployed is an environment with a name, as people reach it.
type deployed struct {
	*local
	outputs.Environment
	client *http.Client
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
	return &deployed{&local{url: out.URL, password: out.InitialAdminPassword}, out, &http.Client{Jar: jar, Transport: transport, Timeout: 10 * time.Second}}
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

func (e *engine) orders(t *testing.T) int {
	t.Helper()
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	return state.Authority.Orders
}

func TestAHostGetsItsCertificateAndTheNextOneKeepsIt(t *testing.T) {
	e := start(t)
	s := e.stack(t, "test", bootable...)
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
	d := e.reach(t, s)
	require.Equal(t, "https://test.lab.example.org", d.URL)
	d.ready(t)
	require.Equal(t, "test", d.Environment.Environment)

	res, err := d.client.Get("http://" + d.PublicAddress + "/healthz")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusNoContent, res.StatusCode, "health is told without a name")
	res, err = d.client.Get("http://" + d.PublicAddress + "/")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, "https", res.Request.URL.Scheme, "people are led to TLS")
	require.Equal(t, "test.lab.example.org", res.Request.URL.Host)
	require.Equal(t, "max-age=86400", res.Header.Get("Strict-Transport-Security"))

	// Machines trust the certificate, too.
	admin := &api.Client{URL: d.URL, HTTP: d.client}
	require.NoError(t, admin.Do(t.Context(), http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: d.password}, nil))
	d.await(t, admin, d.open(t, admin, 1), 1)

	ordered := e.orders(t)
	require.Positive(t, ordered)
	before := e.instance(t)
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs", "--replace", e.urn(t, s, "host-instance"))
	require.NotEqual(t, before, e.instance(t), "it is another host")
	d.ready(t)
	require.Equal(t, ordered, e.orders(t), "a new host orders no certificate")

	require.NoError(t, e.account.EndMachines(t.Context()))
	e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
}

// The authority is outside the networks that may reach the allocator.
func TestAHostOnANarrowedNetworkGetsItsCertificateByARecord(t *testing.T) {
	e := start(t)
	s := e.stack(t, "test", append([]string{
		"    mode: acme\n", "    mode: acme\n    challenge: dns\n",
		"  lablink:dns:\n", "  lablink:network:\n    allowedCidrs: [198.51.100.0/24]\n  lablink:dns:\n",
	}, bootable...)...)
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")
	e.reach(t, s).ready(t)
	e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
}

// instance is the id of the host that runs.
func (e *engine) instance(t *testing.T) string {
	t.Helper()
	state, err := e.account.State(t.Context())
	require.NoError(t, err)
	for _, i := range state.Instances {
		if i.Tags["lablink:component"] == "host" && !i.Gone() {
			return i.ID
		}
	}
	require.FailNow(t, "no host runs")
	return ""
}

// urn is the URN of a resource, by its name.
func (e *engine) urn(t *testing.T, s launcher.Stack, name string) string {
	t.Helper()
	raw, err := e.Output(t.Context(), "stack", "--show-urns", "--stack", s.Name)
	require.NoError(t, err)
	for word := range strings.FieldsSeq(string(raw)) {
		if strings.HasPrefix(word, "urn:") && strings.HasSuffix(word, "::"+name) {
			return word
		}
	}
	require.FailNow(t, "there is no "+name, string(raw))
	return ""
}
