package certificate_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
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
			c.Manage(t.Context())
			w.ready(c)
			require.NoError(t, w.leaf().VerifyHostname(domain))
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
	second := w.start(w.options())
	w.serveAnew(second)
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

func TestARecordThatMayNotBeSetIsSaid(t *testing.T) {
	w := newWorld(t)
	o := w.options()
	o.Records = deaf{}
	c := w.start(o)
	w.says(c, "may the host's role do that, and is lablink:dns.zoneId the zone", "AccessDenied")
}

// deaf is a zone that nobody may change.
type deaf struct{}

func (deaf) SetTXT(context.Context, string, string) error    { return errors.New("AccessDenied") }
func (deaf) RemoveTXT(context.Context, string, string) error { return errors.New("AccessDenied") }

// says waits until both the check and the log say why there is no certificate.
func (w *world) says(c *certificate.Certificate, parts ...string) {
	w.Helper()
	require.EventuallyWithT(w, func(t *assert.CollectT) {
		for _, part := range append(parts, "no certificate") {
			assert.ErrorContains(t, c.Check(w.Context()), part)
			assert.Contains(t, w.log.String(), part)
		}
	}, time.Minute, 10*time.Millisecond)
}

func TestWhatTheAuthorityRefusesIsSaidWithWhatToDo(t *testing.T) {
	problem := func(kind string, status int) func(http.Handler) http.Handler {
		return func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path != "/order-plz" {
					next.ServeHTTP(w, r)
					return
				}
				w.Header().Set("Content-Type", "application/problem+json")
				w.WriteHeader(status)
				_, _ = fmt.Fprintf(w, `{"type": "urn:ietf:params:acme:error:%s", "detail": "see the page on limits", "status": %d}`, kind, status)
			})
		}
	}
	for name, c := range map[string]struct {
		change func(*authority.Options)
		says   []string
	}{
		"too many": {
			func(o *authority.Options) { o.Before = problem("rateLimited", http.StatusTooManyRequests) },
			[]string{"takes no more for now: keep the data volume", "see the page on limits"},
		},
		"a name that it does not issue for": {
			func(o *authority.Options) { o.Before = problem("rejectedIdentifier", http.StatusBadRequest) },
			[]string{"does not issue for this name: check lablink:dns.domain"},
		},
		"a zone that forbids it": {
			func(o *authority.Options) { o.Before = problem("caa", http.StatusForbidden) },
			[]string{"a CAA record forbids the authority"},
		},
		"a name that points elsewhere": {
			func(o *authority.Options) { o.HTTPPort, o.TLSPort = closed(t), closed(t) },
			[]string{"does the name point at this host's public address", "lablink:tls.challenge: dns", "urn:ietf:params:acme:error"},
		},
		"a name that nobody knows": {
			func(o *authority.Options) {
				o.Lookup = func(string, string) ([]string, error) { return nil, nil }
			},
			[]string{"does the name point at this host's public address"},
		},
		"something else than ACME": {
			func(o *authority.Options) {
				o.Before = func(http.Handler) http.Handler { return http.NotFoundHandler() }
			},
			[]string{"the authority did not answer as it should"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, c.change)
			w.says(w.start(w.options()), c.says...)
		})
	}
}

func TestAFolderThatCannotBeUsedIsSaid(t *testing.T) {
	w := newWorld(t)
	w.storage = filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(w.storage, nil, 0o600))
	w.says(w.start(w.options()), "or the folder of certificates cannot be used", "not a directory")
	require.Zero(t, w.Orders(), "a certificate that cannot be kept is not ordered")
}

func TestAnAuthorityThatIsDownIsTriedAgainLessAndLessOften(t *testing.T) {
	w := newWorld(t)
	address := w.Address
	w.Close()
	var mu sync.Mutex
	var asked []int
	again := make(chan struct{})
	o := w.options()
	o.Wait = func(failures int) time.Duration {
		mu.Lock()
		defer mu.Unlock()
		asked = append(asked, failures)
		if failures == 2 {
			close(again)
		}
		return time.Millisecond
	}
	c := w.start(o)
	w.serve(c)
	w.says(c, "the authority cannot be reached: is it up")
	<-again

	res, err := http.DefaultTransport.RoundTrip(w.request("/join/abc"))
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	require.Equal(t, http.StatusPermanentRedirect, res.StatusCode, "people are told where to go meanwhile")

	back := w.authority(func(o *authority.Options) { o.Listen = address })
	w.Roots = back.Roots
	c.Close() // the roots were made anew with the authority
	next := w.start(w.options())
	w.ready(next)
	mu.Lock()
	defer mu.Unlock()
	require.Equal(t, []int{1, 2}, asked[:2])
}

func TestAFailureIsForgottenOnceThereIsACertificate(t *testing.T) {
	var refused atomic.Int32
	w := newWorld(t, func(o *authority.Options) {
		o.Before = func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Path == "/order-plz" && refused.Add(1) <= 2 {
					http.Error(w, "busy", http.StatusTooManyRequests)
					return
				}
				next.ServeHTTP(w, r)
			})
		}
	})
	c := w.start(w.options())
	w.serve(c)
	w.ready(c)
	require.Equal(t, 1, w.Orders())
	require.Equal(t, 2, strings.Count(w.log.String(), "there is no certificate yet"))
}

func TestTheWaitGrowsToAnHour(t *testing.T) {
	for failures, want := range map[int]time.Duration{
		1: 5 * time.Second, 2: 10 * time.Second, 5: 80 * time.Second, 10: 2560 * time.Second, 11: time.Hour, 1000: time.Hour,
	} {
		assert.Equal(t, want, certificate.Backoff(failures), "after %d failures", failures)
	}
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

			second := w.start(w.options())
			w.serveAnew(second)
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

// serveAnew serves with another certificate on the same ports.
func (w *world) serveAnew(c *certificate.Certificate) {
	w.Helper()
	w.plain, w.secure = w.reopen(w.plain), w.reopen(w.secure)
	w.serve(c)
}

func (w *world) reopen(l net.Listener) net.Listener {
	w.Helper()
	require.NoError(w, l.Close())
	again, err := net.Listen("tcp", l.Addr().String())
	require.NoError(w, err)
	return again
}

func (w *world) request(path string) *http.Request {
	w.Helper()
	r, err := http.NewRequestWithContext(w.Context(), http.MethodGet, "http://"+w.plain.Addr().String()+path, nil)
	require.NoError(w, err)
	return r
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
	for _, path := range []string{"/healthz", "/readyz"} {
		status, _, body := w.raw("GET "+path, "203.0.113.7")
		assert.Equal(t, http.StatusOK, status, path)
		assert.Equal(t, "page "+path, body, "health is told without a certificate")
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
