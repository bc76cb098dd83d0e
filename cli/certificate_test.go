package cli_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/cli"
)

const (
	acme       = `{"lablink:dns": {"objectValue": {"provider": "route53"}}, "lablink:tls": {"objectValue": {"email": "a@example.org"}}}`
	staging    = `{"lablink:dns": {"objectValue": {"provider": "route53"}}, "lablink:tls": {"objectValue": {"mode": "acme", "staging": true}}}`
	acm        = `{"lablink:dns": {"objectValue": {"provider": "route53"}}, "lablink:tls": {"objectValue": {"mode": "acm"}}}`
	cloudflare = `{"lablink:dns": {"objectValue": {"provider": "cloudflare"}}, "lablink:tls": {"objectValue": {"mode": "cloudflare"}}}`
	unproxied  = `{"lablink:dns": {"objectValue": {"provider": "cloudflare"}}}`
	byHand     = `{"lablink:dns": {"objectValue": {"provider": "route53", "manage": false}}}`
)

// secure serves a deployment by a name, over TLS and beside that in plain.
func secure(t *testing.T, settings string, days int, names ...string) *deployment {
	t.Helper()
	d := deploy(t)
	plain := d.stack.URL
	server := httptest.NewUnstartedServer(d)
	server.EnableHTTP2 = false
	cert, roots := certificate(t, days, names)
	server.TLS = &tls.Config{Certificates: []tls.Certificate{cert}}
	server.StartTLS()
	t.Cleanup(server.Close)
	d.roots, d.settings = roots, settings
	d.stack.URL, d.stack.PublicAddress = "https://lab.example.org", "203.0.113.5"
	d.doors = map[string]string{"443": server.Listener.Addr().String(), "80": strings.TrimPrefix(plain, "http://")}
	d.named(t, map[string][]string{"lab.example.org": {"203.0.113.5"}})
	return d
}

func TestVerifyReadsTheCertificateAndSaysWhatToDo(t *testing.T) {
	for name, c := range map[string]struct {
		settings string
		days     int
		names    []string
		distrust bool
		want     []string
		code     int
	}{
		"a good one":                        {acme, 90, []string{"lab.example.org", "x.example.org"}, false, []string{"for lab.example.org, x.example.org by The authority, 89 days left"}, 0},
		"one that should have been renewed": {acme, 20, []string{"lab.example.org"}, false, []string{"warning", "19 days left: it should have been renewed by now", "tls.challenge"}, 0},
		"one that ends":                     {acm, 5, []string{"lab.example.org"}, false, []string{"WRONG", "4 days left: it should have been renewed weeks ago", "ACM renews"}, 1},
		"one that is over":                  {acme, -1, []string{"lab.example.org"}, false, []string{"it has expired", "http://203.0.113.5/readyz"}, 1},
		"of another name":                   {acm, 90, []string{"other.example.org"}, false, []string{"it is for other.example.org, not for lab.example.org", "whether tls.certificateArn is of a certificate for lab.example.org"}, 1},
		"of nobody's trust":                 {acme, 90, []string{"lab.example.org"}, true, []string{"by CN=The authority, which this computer does not trust", "shows certificates of its own"}, 1},
		"of the staging authority":          {staging, 90, []string{"lab.example.org"}, true, []string{"tls.staging is on"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			d := secure(t, c.settings, c.days, c.names...)
			if c.distrust {
				d.roots = x509.NewCertPool()
			}
			out, err := d.lablink(t, "verify", "--stack", "test")
			for _, want := range c.want {
				require.Contains(t, out, want)
			}
			require.Equal(t, c.code, cli.ExitCode(err), "%v", err)
			require.Equal(t, []string{"stack output --json --stack test", "config --json --stack test"}, d.called)
		})
	}
}

// Where there is no certificate, the allocator says why at its address, in plain.
func TestVerifyAsksTheAllocatorWhyItHasNoCertificate(t *testing.T) {
	d := secure(t, acme, 90, "lab.example.org")
	d.doors["443"] = d.doors["80"] // answers, and not as TLS does
	d.ready.Ready, d.ready.Checks = false, []api.Check{{Name: "certificate", Reason: "port 80 is closed"}}
	out, err := d.lablink(t, "verify")
	require.Contains(t, out, "none is shown for lab.example.org")
	require.ErrorContains(t, err, "port 80 is closed")
	require.Equal(t, 1, cli.ExitCode(err))

	d.doors = map[string]string{"443": "127.0.0.1:1", "80": "127.0.0.1:1"}
	_, err = d.lablink(t, "verify")
	require.ErrorContains(t, err, "nobody answers at port 443 of lab.example.org")
	require.Equal(t, 2, cli.ExitCode(err), "it cannot be told")
}

// certificate is one that its own authority has issued.
func certificate(t *testing.T, days int, names []string) (tls.Certificate, *x509.CertPool) {
	t.Helper()
	issue := func(c, parent *x509.Certificate, by *ecdsa.PrivateKey) ([]byte, *ecdsa.PrivateKey) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		require.NoError(t, err)
		if by == nil {
			by = key
		}
		c.SerialNumber, c.NotBefore, c.NotAfter = big.NewInt(1), time.Now().Add(-48*time.Hour), time.Now().Add(time.Duration(days)*24*time.Hour)
		raw, err := x509.CreateCertificate(rand.Reader, c, parent, &key.PublicKey, by)
		require.NoError(t, err)
		return raw, key
	}
	ca := &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign}
	ca.Subject.CommonName = "The authority"
	raw, caKey := issue(ca, ca, nil)
	parsed, err := x509.ParseCertificate(raw)
	require.NoError(t, err)
	roots := x509.NewCertPool()
	roots.AddCert(parsed)
	leaf, key := issue(&x509.Certificate{DNSNames: names}, parsed, caKey)
	return tls.Certificate{Certificate: [][]byte{leaf}, PrivateKey: key}, roots
}
