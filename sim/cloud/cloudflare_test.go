package cloud_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/sim/cloud"
)

func (w *world) cloudflareZone() string { return w.CloudflareZonesNamed("example.org")[0].ID }

func TestRecordsAtCloudflareClashAsThere(t *testing.T) {
	w := newWorld(t)
	zone := w.cloudflareZone()
	record := func(kind, name, content string, change ...func(*cloud.CloudflareRecord)) error {
		r := &cloud.CloudflareRecord{ZoneID: zone, Name: name, Type: kind, Content: content}
		for _, c := range change {
			c(r)
		}
		return w.CreateCloudflareRecord(r)
	}
	ttl := func(n int) func(*cloud.CloudflareRecord) { return func(r *cloud.CloudflareRecord) { r.TTL = n } }
	proxied := func(r *cloud.CloudflareRecord) { r.Proxied = true }
	require.NoError(t, record("A", "lab.example.org", "192.0.2.1"))
	require.NoError(t, record("A", "lab", "192.0.2.2"), "several addresses of one name")
	require.NoError(t, record("TXT", "lab", "text"))
	require.NoError(t, record("CNAME", "www", "lab.example.org", proxied, ttl(1)))
	for _, c := range []struct {
		why, code string
		err       error
	}{
		{"the same again", "81058", record("A", "LAB.example.org.", "192.0.2.1")},
		{"a name beside an address", "81053", record("CNAME", "lab", "x.example.org")},
		{"an address beside a name", "81054", record("A", "www", "192.0.2.1")},
		{"two names", "81053", record("CNAME", "www", "x.example.org")},
		{"a zone that is not there", "7003", record("A", "x", "192.0.2.1", func(r *cloud.CloudflareRecord) { r.ZoneID = "x" })},
		{"no IPv4 address", "9005", record("A", "x", "2001:db8::1")},
		{"no IPv6 address", "9006", record("AAAA", "x", "192.0.2.1")},
		{"an address for a name", "9007", record("CNAME", "x", "192.0.2.1")},
		{"text through the proxy", "9004", record("TXT", "x", "text", proxied)},
		{"a proxied record with a time to live", "9021", record("A", "x", "192.0.2.1", proxied, ttl(300))},
		{"a short time to live", "9021", record("A", "x", "192.0.2.1", ttl(30))},
		{"a type that is not modelled", "1004", record("MX", "x", "mail.example.org")},
		{"no name", "1004", record("A", "", "192.0.2.1")},
	} {
		t.Run(c.why, func(t *testing.T) { refused(t, c.code, c.err) })
	}
}

func TestARecordAtCloudflareIsChangedInPlace(t *testing.T) {
	w := newWorld(t)
	r := &cloud.CloudflareRecord{ZoneID: w.cloudflareZone(), Name: "@", Type: "A", Content: "192.0.2.1", TTL: 300}
	require.NoError(t, w.CreateCloudflareRecord(r))
	require.Equal(t, "example.org", r.Hostname)
	require.Regexp(t, "^[0-9a-f]{32}$", r.ID)
	require.NoError(t, w.UpdateCloudflareRecord(r.ID, &cloud.CloudflareRecord{Content: "192.0.2.2", Proxied: true, TTL: 1}))
	got, err := w.CloudflareRecord(r.ID)
	require.NoError(t, err)
	require.Equal(t, "192.0.2.2", got.Content)
	require.Equal(t, "@", got.Name)
	require.Equal(t, 1, got.TTL)
	require.NoError(t, w.DeleteCloudflareRecord(r.ID))
	refused(t, "81044", w.DeleteCloudflareRecord(r.ID))
}

// csr is a request for a certificate, in PEM.
func csr(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	raw, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{DNSNames: []string{"elsewhere.test"}}, key)
	require.NoError(t, err)
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: raw}))
}

func TestAnOriginCertificateIsSignedForItsHostnames(t *testing.T) {
	w := newWorld(t)
	c := &cloud.OriginCertificate{CSR: csr(t), Hostnames: []string{"lab.example.org"}, RequestType: "origin-ecc"}
	require.NoError(t, w.CreateOriginCertificate(c))
	require.Equal(t, 5475, c.RequestedValidity)
	require.Regexp(t, "^[0-9]+$", c.ID)
	block, _ := pem.Decode([]byte(c.Certificate))
	leaf, err := x509.ParseCertificate(block.Bytes)
	require.NoError(t, err)
	require.NoError(t, leaf.VerifyHostname("lab.example.org"))
	require.Error(t, leaf.VerifyHostname("elsewhere.test"), "the request's own names do not count")
	require.Equal(t, w.now.AddDate(0, 0, 5475), leaf.NotAfter)

	second := &cloud.OriginCertificate{CSR: csr(t), Hostnames: []string{"lab.example.org"}, RequestType: "origin-ecc", RequestedValidity: 7}
	require.NoError(t, w.CreateOriginCertificate(second))
	other, _ := pem.Decode([]byte(second.Certificate))
	its, err := x509.ParseCertificate(other.Bytes)
	require.NoError(t, err)
	require.Equal(t, leaf.AuthorityKeyId, its.AuthorityKeyId, "one authority signs")

	require.NoError(t, w.UpdateOriginCertificate(c.ID, &cloud.OriginCertificate{MinDaysForRenewal: 30}))
	got, err := w.OriginCertificate(c.ID)
	require.NoError(t, err)
	require.Equal(t, 30, got.MinDaysForRenewal)
	require.Equal(t, c.Certificate, got.Certificate)
	require.NoError(t, w.DeleteOriginCertificate(c.ID))
	_, err = w.OriginCertificate(c.ID)
	require.True(t, cloud.IsNotFound(err))
}

func TestAnOriginCertificateThatCannotBeIssuedIsRefused(t *testing.T) {
	w := newWorld(t)
	for why, c := range map[string]struct {
		code   string
		change func(*cloud.OriginCertificate)
	}{
		"a request that is none":         {"1100", func(c *cloud.OriginCertificate) { c.CSR = "x" }},
		"a name in nobody's zone":        {"1010", func(c *cloud.OriginCertificate) { c.Hostnames = []string{"lab.example.com"} }},
		"a name that is like one":        {"1010", func(c *cloud.OriginCertificate) { c.Hostnames = []string{"notexample.org"} }},
		"no name":                        {"1103", func(c *cloud.OriginCertificate) { c.Hostnames = nil }},
		"a key of another kind":          {"1102", func(c *cloud.OriginCertificate) { c.RequestType = "origin-rsa" }},
		"a type that is not modelled":    {"1102", func(c *cloud.OriginCertificate) { c.RequestType = "keyless-certificate" }},
		"a validity that is not offered": {"1101", func(c *cloud.OriginCertificate) { c.RequestedValidity = 10 }},
	} {
		t.Run(why, func(t *testing.T) {
			wrong := &cloud.OriginCertificate{CSR: csr(t), Hostnames: []string{"lab.example.org"}, RequestType: "origin-ecc"}
			c.change(wrong)
			refused(t, c.code, w.CreateOriginCertificate(wrong))
		})
	}
}
