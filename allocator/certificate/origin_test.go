package certificate_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"math/big"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/certificate"
)

// pair is a certificate for a name that ends after some time, and its key.
func pair(t *testing.T, name string, valid time.Duration) (cert, key string) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), DNSNames: []string{name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(valid),
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	encoded, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	block := func(kind string, raw []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}))
	}
	return block("CERTIFICATE", raw), block("PRIVATE KEY", encoded)
}

// Whoever trusts the certificate itself, and nobody else, is served.
func TestTheOriginCertificateIsServedToThoseWhoTrustIt(t *testing.T) {
	cert, key := pair(t, domain, time.Hour)
	o, err := certificate.NewOrigin(domain, cert, key, time.Now)
	require.NoError(t, err)
	defer o.Close()
	require.NoError(t, o.Check(t.Context()))
	require.WithinDuration(t, time.Now().Add(time.Hour), o.Ends(), time.Minute)
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	server.TLS = o.TLS()
	server.StartTLS()
	defer server.Close()
	get := func(trusted, name string) error {
		pool := x509.NewCertPool()
		require.True(t, pool.AppendCertsFromPEM([]byte(trusted)))
		client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{ServerName: name, RootCAs: pool}, DisableKeepAlives: true}}
		res, err := client.Get(server.URL)
		if err != nil {
			return err
		}
		defer res.Body.Close()
		assert.Equal(t, http.StatusTeapot, res.StatusCode)
		return nil
	}
	require.NoError(t, get(cert, domain))
	var wrongName x509.HostnameError
	require.ErrorAs(t, get(cert, "other.example.org"), &wrongName)
	other, _ := pair(t, domain, time.Hour)
	var unknown x509.UnknownAuthorityError
	require.ErrorAs(t, get(other, domain), &unknown)
}

func TestBehindCloudflarePlainHTTPIsSentToTheSecureAddress(t *testing.T) {
	cert, key := pair(t, domain, time.Hour)
	o, err := certificate.NewOrigin(domain, cert, key, time.Now)
	require.NoError(t, err)
	plain := o.Plain(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	answer := httptest.NewRecorder()
	plain.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, "http://203.0.113.10/join/x?y=z", nil))
	assert.Equal(t, http.StatusPermanentRedirect, answer.Code)
	assert.Equal(t, "https://"+domain+"/join/x?y=z", answer.Header().Get("Location"))
	answer = httptest.NewRecorder()
	plain.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "http://203.0.113.10/readyz", nil))
	assert.Equal(t, http.StatusTeapot, answer.Code, "health can be asked")
}

func TestAnOriginCertificateThatCannotServeIsTold(t *testing.T) {
	cert, key := pair(t, domain, time.Hour)
	_, other := pair(t, domain, time.Hour)
	for why, c := range map[string]struct{ domain, cert, key, says string }{
		"a key of another":            {domain, cert, other, "private key does not match public key"},
		"no key":                      {domain, cert, "", "failed to find any PEM data in key input"},
		"no certificate":              {domain, "", key, "failed to find any PEM data in certificate input"},
		"a certificate for elsewhere": {"other.example.org", cert, key, "not other.example.org"},
	} {
		_, err := certificate.NewOrigin(c.domain, c.cert, c.key, time.Now)
		assert.ErrorContains(t, err, "take the origin certificate of "+c.domain, why)
		assert.ErrorContains(t, err, c.says, why)
	}
	o, err := certificate.NewOrigin(domain, cert, key, func() time.Time { return time.Now().Add(2 * time.Hour) })
	require.NoError(t, err)
	assert.ErrorContains(t, o.Check(t.Context()), "the origin certificate of "+domain+" ended on")
}
