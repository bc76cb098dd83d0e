package system

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"net"
	"net/http"
	"net/http/cookiejar"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/ssm"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/sim/cloud"
	"github.com/talmolab/lablink-infrastructure/sim/control"
	"github.com/talmolab/lablink-infrastructure/sim/launcher"
)

// A stack behind Cloudflare is deployed twice and destroyed. Its host answers
// those who come through Cloudflare, with a certificate for the key that is kept,
// and its machines trust that certificate.
func TestAStackBehindCloudflareAnswersCloudflareAlone(t *testing.T) {
	e := start(t)
	s := e.stack(t, "test",
		"provider: route53", "provider: cloudflare",
		"    mode: acme\n    email: lab@example.org\n", "    mode: cloudflare\n",
		"  lablink:pools:", "  lablink:allocator: {instanceType: sim.small, ami: ami-051700000000000a1, dataVolumeGiB: 1}\n  lablink:pools:",
		"[g5.xlarge, g4dn.xlarge]", "[sim.gpu]",
		"ssmParameter: /aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id", "id: ami-051700000000000a2",
		"  lablink:github:\n    repository: talmolab/lablink-infrastructure\n", "",
	)
	said, err := e.run(t, s, "up", "--yes", "--skip-preview")
	require.Error(t, err)
	require.Contains(t, said, "cloudflare:apiToken is not set")
	e.must(t, s, "config", "set", "--secret", "cloudflare:apiToken", cloud.CloudflareToken)
	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs")

	out, err := e.Environment(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, "https://test.lab.example.org", out.URL)
	through := e.browser(t, "test.lab.example.org", out.PublicAddress, "173.245.48.1")
	client := &api.Client{URL: out.URL, HTTP: through}
	eventually(t, "the allocator is ready", func() bool {
		ready, err := client.Ready(t.Context())
		return err == nil && ready.Ready
	})
	past := e.browser(t, "test.lab.example.org", out.PublicAddress, "")
	for _, url := range []string{out.URL, "http://test.lab.example.org"} {
		_, err := past.Get(url + "/readyz")
		require.Error(t, err, "somebody who comes past Cloudflare reaches %s", url)
	}
	res, err := through.Get("http://test.lab.example.org/admin")
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusPermanentRedirect, res.StatusCode)
	require.Equal(t, "https://test.lab.example.org/admin", res.Header.Get("Location"))

	v := &verifier{internet: e.internet(t), e: e, stack: s, password: out.InitialAdminPassword}
	v.roots = v.proxies(t, e, "test.lab.example.org", out.PublicAddress)
	said, code := v.verify(t, "--seat")
	require.Zero(t, code, said)
	require.Contains(t, said, "test.lab.example.org is "+cloud.CloudflareEdge+": Cloudflare answers, in the place of "+out.PublicAddress)
	require.Contains(t, said, "by Cloudflare's edge")
	require.Zero(t, running(t, e.account))

	require.NoError(t, client.Do(t.Context(), http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: out.InitialAdminPassword}, nil))
	people := &local{}
	people.await(t, client, people.open(t, client, 1), 1)
	people.endAll(t, client, e.account)

	e.must(t, s, "up", "--yes", "--skip-preview", "--suppress-outputs", "--expect-no-changes")
	e.must(t, s, "refresh", "--preview-only", "--suppress-outputs", "--expect-no-changes")
	said, err = e.operator(t, "drift", "--stack", "test", "--config-file", s.File)
	require.NoError(t, err)
	for _, secret := range []string{"origin-key", "admin-password"} {
		require.NotContains(t, said, secret, "who looks for drift may not read it")
	}
	e.takesAnotherOriginKey(t, s)
	e.must(t, s, "destroy", "--yes", "--skip-preview", "--suppress-outputs")
}

// takesAnotherOriginKey deletes the key of the origin certificate, as its runbook
// says. The next update makes another, and the host serves with it.
func (e *engine) takesAnotherOriginKey(t *testing.T, s launcher.Stack) {
	t.Helper()
	before, err := e.Environment(t.Context(), s)
	require.NoError(t, err)
	client := ssm.New(ssm.Options{
		Region: "us-west-2", BaseEndpoint: &e.account.URL,
		Credentials: credentials.NewStaticCredentialsProvider(cloud.DeveloperKey, cloud.DeveloperSecret, ""),
	})
	_, err = client.DeleteParameter(t.Context(), &ssm.DeleteParameterInput{Name: aws.String("/lablink/lablink/test/secret/origin-key")})
	require.NoError(t, err)
	first := e.originCertificate(t)
	e.must(t, s, "up", "--refresh", "--yes", "--skip-preview", "--suppress-outputs")
	require.NotEqual(t, first, e.originCertificate(t))
	after, err := e.Environment(t.Context(), s)
	require.NoError(t, err)
	require.Equal(t, before.PublicAddress, after.PublicAddress)
	people := &api.Client{URL: after.URL, HTTP: e.browser(t, "test.lab.example.org", after.PublicAddress, "173.245.48.1")} // trusts the new one alone
	eventually(t, "the host serves with the other key", func() bool {
		ready, err := people.Ready(t.Context())
		return err == nil && ready.Ready && ready.Release == after.Release.Manifest
	})
}

// browser knows the origin certificate of the stack test, as Cloudflare does, and
// comes from an address; "" is one that is nobody's.
func (e *engine) browser(t *testing.T, name, host, from string) *http.Client {
	t.Helper()
	doors := map[string]string{}
	for port, number := range map[string]int{"80": 80, "443": 443} {
		doors[port] = freeAddress(t)
		require.NoError(t, e.account.OpenDoor(t.Context(), control.Door{Listen: doors[port], Address: host, Port: number, From: from}))
	}
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	trusted := x509.NewCertPool()
	require.True(t, trusted.AppendCertsFromPEM([]byte(e.originCertificate(t))))
	return &http.Client{
		Jar: jar, Timeout: time.Minute,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{
			TLSClientConfig: &tls.Config{RootCAs: trusted, ServerName: name}, DisableKeepAlives: true,
			DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
				_, port, err := net.SplitHostPort(address)
				if err != nil {
					return nil, err
				}
				var d net.Dialer
				return d.DialContext(ctx, network, doors[port])
			},
		},
	}
}

// originCertificate is the certificate in the state of the stack test, which does
// not tell its key.
func (e *engine) originCertificate(t *testing.T) string {
	t.Helper()
	raw, err := e.Output(t.Context(), "stack", "export", "--stack", "test")
	require.NoError(t, err)
	require.NotContains(t, string(raw), "PRIVATE KEY")
	require.NotContains(t, string(raw), cloud.CloudflareToken)
	var state struct {
		Deployment struct {
			Resources []struct {
				Type    string
				Outputs struct{ Certificate any }
			}
		}
	}
	require.NoError(t, json.Unmarshal(raw, &state))
	for _, r := range state.Deployment.Resources {
		if r.Type == "cloudflare:index/originCaCertificate:OriginCaCertificate" {
			certificate, public := r.Outputs.Certificate.(string)
			require.True(t, public, "the certificate is secret: %v", r.Outputs.Certificate)
			return certificate
		}
	}
	require.FailNow(t, "there is no origin certificate")
	return ""
}
