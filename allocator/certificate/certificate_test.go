package certificate_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/certificate"
	"github.com/talmolab/lablink-infrastructure/sim/authority"
)

func TestTheFirstCertificateIsGotOverEitherPort(t *testing.T) {
	for name, without := range map[string]func(*authority.Options){
		"HTTP-01":     func(o *authority.Options) { o.TLSPort = closed(t) },
		"TLS-ALPN-01": func(o *authority.Options) { o.HTTPPort = closed(t) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, without)
			c := certificate.New(w.options())
			t.Cleanup(c.Close)
			w.serve(c)
			require.ErrorContains(t, c.Check(t.Context()), "no certificate for "+domain)
			require.True(t, c.Ends().IsZero())
			c.Manage(t.Context())
			w.ready(c)
			require.NoError(t, w.leaf().VerifyHostname(domain))
			require.Equal(t, w.leaf().NotAfter, c.Ends())
		})
	}
}

func TestANewHostOnTheOldVolumeSpendsNoCertificate(t *testing.T) {
	w := newWorld(t)
	first := w.start(w.options())
	w.serve(first)
	w.ready(first)
	first.Close()
	orders := w.Orders()
	require.Equal(t, 1, orders)
	for range 3 {
		next := w.start(w.options())
		w.ready(next)
		next.Close()
	}
	require.Equal(t, orders, w.Orders(), "what the authority was asked for")
}

// The authority says when (RFC 9773); without that it is the last third of the
// certificate's life.
func TestACertificateIsRenewedWhenTheAuthoritySaysSo(t *testing.T) {
	var w *world
	w = newWorld(t, func(o *authority.Options) {
		o.Before = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
				if !strings.Contains(r.URL.Path, "/renewalInfo/") || w.Orders() > 1 {
					next.ServeHTTP(rw, r)
					return
				}
				ago := func(d time.Duration) string { return time.Now().Add(-d).UTC().Format(time.RFC3339) }
				rw.Header().Set("Content-Type", "application/json")
				_, _ = fmt.Fprintf(rw, `{"suggestedWindow": {"start": %q, "end": %q}}`, ago(2*time.Hour), ago(time.Hour))
			})
		}
	})
	o := w.options()
	o.RenewEvery = 50 * time.Millisecond
	c := w.start(o)
	w.serve(c)
	w.ready(c)
	first := w.leaf()
	require.Eventually(t, func() bool { return w.leaf().SerialNumber.Cmp(first.SerialNumber) != 0 }, time.Minute, 20*time.Millisecond)
	require.Equal(t, 2, w.Orders())
	require.Contains(t, w.log.String(), `msg="there is a new certificate" domain=lab.example.org renewal=true`)
}

func TestACertificateThatExpiredMeanwhileIsRenewedAtTheStart(t *testing.T) {
	w := newWorld(t, func(o *authority.Options) { o.Validity = time.Second })
	first := w.start(w.options())
	w.serve(first)
	require.Eventually(t, func() bool {
		files, _ := filepath.Glob(filepath.Join(w.storage, site+".crt"))
		return len(files) == 1
	}, time.Minute, 10*time.Millisecond)
	first.Close()
	address := w.Address
	w.Close()
	w.Authority = w.authority(func(o *authority.Options) { o.Listen = address })
	second := w.anew()
	w.ready(second)
	require.NoError(t, w.leaf().VerifyHostname(domain))
}

// site is where certificates are kept in the storage.
const site = "certificates/*/" + domain + "/" + domain

func TestWhereNobodyReachesThePortsARecordAnswers(t *testing.T) {
	w := newWorld(t, func(o *authority.Options) { o.HTTPPort, o.TLSPort = closed(t), closed(t) })
	o := w.options()
	o.Records = w.zone
	c := w.start(o)
	w.serve(c)
	w.ready(c)
	require.NoError(t, w.leaf().VerifyHostname(domain))
	require.Empty(t, w.zone, "the record is removed again")
}

func TestDamagedFilesAreSetAsideAndReplaced(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		orders     int // a damaged account costs no certificate
	}{
		"a certificate cut short":        {site + ".crt", "-----BEGIN CERTIF", 2},
		"an empty key":                   {site + ".key", "", 2},
		"a key of something else":        {site + ".key", otherKey, 2},
		"what is no JSON":                {site + ".json", "{", 2},
		"an account that cannot be read": {"acme/*/users/*/*.json", "\x00\x00", 1},
		"an account's key cut short":     {"acme/*/users/*/*.key", "-----BEGIN EC", 1},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			first := w.start(w.options())
			w.serve(first)
			w.ready(first)
			first.Close()
			files, err := filepath.Glob(filepath.Join(w.storage, c.file))
			require.NoError(t, err)
			require.Len(t, files, 1)
			require.NoError(t, os.WriteFile(files[0], []byte(c.text), 0o600))

			second := w.anew()
			w.ready(second)
			require.Equal(t, c.orders, w.Orders())
			require.Contains(t, w.log.String(), "damaged files of certificates were set aside")
			kept, err := filepath.Glob(filepath.Join(w.storage, "damaged", "*", c.file))
			require.NoError(t, err)
			require.Len(t, kept, 1, "it is there to be looked at")
		})
	}
}

const otherKey = `-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIKdgT1DDCpGh6DMBRvYLXoaMBQMDr3HPZYYI0TxNYCfkoAoGCCqGSM49
AwEHoUQDQgAEYVNpyPQZ2HJtnY6hJWVpAqqBeMSLDnLAIGD1JzyaJzg5uHIZNjpg
EX7kz7ZnBlQnUPEBGtZkqGqTGsIhVMRFpA==
-----END EC PRIVATE KEY-----
`

// anew serves with another certificate on the same ports, and manages it until the test
// ends. Who manages one listens on a port itself that nobody listens on.
func (w *world) anew() *certificate.Certificate {
	w.Helper()
	c := certificate.New(w.options())
	w.Cleanup(c.Close)
	w.plain, w.secure = w.reopen(w.plain), w.reopen(w.secure)
	w.serve(c)
	c.Manage(w.Context())
	return c
}

func (w *world) reopen(l net.Listener) net.Listener {
	w.Helper()
	require.NoError(w, l.Close())
	again, err := net.Listen("tcp", l.Addr().String())
	require.NoError(w, err)
	return again
}

func TestPort80LeadsToTheConfiguredNameOnly(t *testing.T) {
	w := newWorld(t)
	c := certificate.New(w.options())
	t.Cleanup(c.Close)
	w.serve(c)
	for _, r := range []struct{ line, host, want string }{
		{"GET /join/abc?x=1&y=%20", domain, "https://lab.example.org/join/abc?x=1&y=%20"},
		{"GET /a%2Fb/", domain, "https://lab.example.org/a%2Fb/"},
		{"GET /admin", "evil.example", "https://lab.example.org/admin"},
		{"GET //evil.example/x", domain, "https://lab.example.org//evil.example/x"},
		{"GET http://evil.example/x", "evil.example", "https://lab.example.org/x"},
		{"GET a:.evil.example", domain, "https://lab.example.org"},
		{"POST /api/v1/sessions", domain, "https://lab.example.org/api/v1/sessions"},
		{"POST /readyz", domain, "https://lab.example.org/readyz"},
	} {
		status, location, _ := w.raw(r.line, r.host)
		assert.Equal(t, http.StatusPermanentRedirect, status, r.line)
		assert.Equal(t, r.want, location, r.line)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} {
		status, _, body := w.raw("GET "+path, "203.0.113.7")
		assert.Equal(t, http.StatusOK, status, path)
		assert.Equal(t, "page "+path, body, "it is told without a certificate")
	}
}

// raw sends a request line as it is.
func (w *world) raw(line, host string) (status int, location, body string) {
	w.Helper()
	conn, err := net.Dial("tcp", w.plain.Addr().String())
	require.NoError(w, err)
	defer conn.Close()
	_, err = fmt.Fprintf(conn, "%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n", line, host)
	require.NoError(w, err)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	require.NoError(w, err)
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	require.NoError(w, err)
	return res.StatusCode, res.Header.Get("Location"), string(raw)
}

func TestOldAndWeakTLSIsRefused(t *testing.T) {
	w := newWorld(t)
	c := w.start(w.options())
	w.serve(c)
	w.ready(c)
	roots := w.options().Roots
	for name, offer := range map[string]struct {
		config *tls.Config
		taken  bool
	}{
		"TLS 1.0": {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}, false},
		"TLS 1.1": {&tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, false},
		"TLS 1.2": {&tls.Config{MaxVersion: tls.VersionTLS12}, true},
		"TLS 1.3": {&tls.Config{MinVersion: tls.VersionTLS13}, true},
		"TLS 1.2 without authenticated encryption": {&tls.Config{MaxVersion: tls.VersionTLS12, CipherSuites: []uint16{
			tls.TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA, tls.TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA, tls.TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA,
		}}, false},
	} {
		offer.config.RootCAs, offer.config.ServerName = roots, domain
		conn, err := tls.Dial("tcp", w.secure.Addr().String(), offer.config)
		assert.Equal(t, offer.taken, err == nil, "%s: %v", name, err)
		if err == nil {
			assert.NoError(t, conn.Close())
		}
	}
}
