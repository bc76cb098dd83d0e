package certificate_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
	"github.com/miekg/dns"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator/certificate"
)

const domain = "lab.example.org"

func TestMain(m *testing.M) {
	_ = os.Setenv("PEBBLE_VA_NOSLEEP", "1")
	_ = os.Setenv("PEBBLE_WFE_NONCEREJECT", "0")
	os.Exit(m.Run())
}

// names answers every question for an address with this computer's.
func names(t *testing.T) string {
	t.Helper()
	l, _ := listen(t)
	server := &dns.Server{Listener: l, Handler: dns.HandlerFunc(func(w dns.ResponseWriter, q *dns.Msg) {
		a := new(dns.Msg)
		a.SetReply(q)
		if q.Question[0].Qtype == dns.TypeA {
			a.Answer = append(a.Answer, &dns.A{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeA, Class: dns.ClassINET, Ttl: 1}, A: net.IPv4(127, 0, 0, 1)})
		}
		_ = w.WriteMsg(a)
	})}
	go func() { _ = server.ActivateAndServe() }()
	t.Cleanup(func() { _ = server.Shutdown() })
	return l.Addr().String()
}

// authority is a certificate authority that validates for real, on the given
// ports.
type authority struct {
	directory string
	roots     *x509.CertPool // of its own address
	issued    int
}

func newAuthority(t *testing.T, httpPort, tlsPort int) *authority {
	t.Helper()
	log := slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	store := db.NewMemoryStore()
	issuer := ca.New(log, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {Description: "default", ValidityPeriod: 7776000}})
	front := wfe.New(log, store, va.New(log, httpPort, tlsPort, false, names(t), store), issuer, nil, false, false, 1, 1)
	handler := front.Handler()
	a := &authority{}
	server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/finalize-order/") {
			a.issued++
		}
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	a.directory = server.URL + wfe.DirectoryPath
	a.roots = server.Client().Transport.(*http.Transport).TLSClientConfig.RootCAs
	return a
}

func listen(t *testing.T) (net.Listener, int) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	return l, l.Addr().(*net.TCPAddr).Port
}

func TestTheFirstCertificateIsGotAndServedAndASecondHostSpendsNone(t *testing.T) {
	plain, httpPort := listen(t)
	secure, tlsPort := listen(t)
	a := newAuthority(t, httpPort, tlsPort)
	options := certificate.Options{
		Domain: domain, Email: "lab@example.org", Directory: a.directory, Roots: a.roots, Storage: t.TempDir(),
		HTTPPort: httpPort, TLSPort: tlsPort,
	}
	first := certificate.New(options)
	defer first.Close()
	go func() { _ = http.Serve(plain, first.Plain()) }()
	server := &http.Server{TLSConfig: first.TLS(), ErrorLog: slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug), Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })}
	go func() { _ = server.ServeTLS(secure, "", "") }()
	t.Cleanup(func() { _, _ = plain.Close(), server.Close() })

	require.ErrorContains(t, first.Check(t.Context()), "no certificate for "+domain)
	require.NoError(t, first.Manage(t.Context()))
	require.Eventually(t, func() bool { return first.Check(t.Context()) == nil }, time.Minute, 50*time.Millisecond)
	require.Equal(t, 1, a.issued)

	conn, err := tls.Dial("tcp", secure.Addr().String(), &tls.Config{ServerName: domain, InsecureSkipVerify: true}) // the name is checked below
	require.NoError(t, err)
	leaf := conn.ConnectionState().PeerCertificates[0]
	require.NoError(t, leaf.VerifyHostname(domain))
	require.Contains(t, leaf.Issuer.CommonName, "Pebble")
	require.NoError(t, conn.Close())

	res, err := http.DefaultTransport.RoundTrip(httptest.NewRequest(http.MethodGet, "http://"+plain.Addr().String()+"/join/abc?x=1", nil))
	require.NoError(t, err)
	require.Equal(t, http.StatusPermanentRedirect, res.StatusCode)
	require.Equal(t, "https://"+domain+"/join/abc?x=1", res.Header.Get("Location"))
	require.NoError(t, res.Body.Close())

	second := certificate.New(options) // a new host with the same data volume
	defer second.Close()
	require.NoError(t, second.Manage(t.Context()))
	require.Eventually(t, func() bool { return second.Check(t.Context()) == nil }, time.Minute, 50*time.Millisecond)
	require.Equal(t, 1, a.issued)
}

func TestWhatTheAuthorityRefusesIsSaid(t *testing.T) {
	elsewhere, port := listen(t) // as if the name pointed at another host
	require.NoError(t, elsewhere.Close())
	a := newAuthority(t, port, port)
	plain, httpPort := listen(t)
	secure, tlsPort := listen(t)
	t.Cleanup(func() { _, _ = plain.Close(), secure.Close() })
	c := certificate.New(certificate.Options{
		Domain: domain, Email: "lab@example.org", Directory: a.directory, Roots: a.roots, Storage: t.TempDir(),
		HTTPPort: httpPort, TLSPort: tlsPort,
	})
	ctx, stop := context.WithCancel(t.Context())
	require.NoError(t, c.Manage(ctx))
	require.EventuallyWithT(t, func(t *assert.CollectT) {
		err := c.Check(ctx)
		require.ErrorContains(t, err, "no certificate for "+domain)
		require.ErrorContains(t, err, "urn:ietf:params:acme:error")
	}, time.Minute, 50*time.Millisecond)
	stop()
	c.Close()
}
