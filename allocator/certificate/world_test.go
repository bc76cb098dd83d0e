package certificate_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/talmolab/lablink-infrastructure/allocator/certificate"
	"github.com/talmolab/lablink-infrastructure/sim/authority"
)

const domain = "lab.example.org"

// here is where everything listens: nobody else takes a port there that is free for a while,
// and what is asked at one that is closed meets nobody.
const here = "127.82.0.1"

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Pebble's validation and certmagic's limit have no end, and what keeps a lock
		// of certmagic fresh ends some seconds after the lock is let go.
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.keepLockfileFresh"),
		goleak.IgnoreAnyFunction("github.com/letsencrypt/pebble/v2/va.VAImpl.processTasks"),
		goleak.IgnoreAnyFunction("github.com/caddyserver/certmagic.(*RingBufferRateLimiter).loop"))
}

// world is a host with ports of its own, and an authority that knows its name.
type world struct {
	*testing.T
	plain, secure net.Listener
	storage       string
	zone          zone
	log           *journal
	*authority.Authority
}

// newWorld makes a host without a certificate; change sets up its authority.
func newWorld(t *testing.T, change ...func(*authority.Options)) *world {
	t.Helper()
	w := &world{T: t, plain: listen(t), secure: listen(t), storage: t.TempDir(), zone: zone{}, log: &journal{}}
	w.Authority = w.authority(change...)
	return w
}

func listen(t *testing.T) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", here+":0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func port(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// closed is a port at which nobody answers.
func closed(t *testing.T) int {
	t.Helper()
	l := listen(t)
	require.NoError(t, l.Close())
	return port(l)
}

func (w *world) authority(change ...func(*authority.Options)) *authority.Authority {
	w.Helper()
	o := authority.Options{Lookup: w.zone.lookup, Listen: here + ":0", Name: here, HTTPPort: port(w.plain), TLSPort: port(w.secure)}
	for _, f := range change {
		f(&o)
	}
	a, err := authority.Start(o)
	require.NoError(w, err)
	w.Cleanup(a.Close)
	return a
}

// options are those of a host that serves this world's name. It tries again at
// once, and often.
func (w *world) options() certificate.Options {
	roots := x509.NewCertPool()
	require.True(w, roots.AppendCertsFromPEM(w.Roots))
	return certificate.Options{
		Domain: domain, Email: "lab@example.org", Directory: "https://" + w.Address + authority.Path, Roots: roots,
		Storage: w.storage, HTTPPort: port(w.plain), TLSPort: port(w.secure), Log: slog.New(slog.NewTextHandler(w.log, nil)),
		Wait: func(int) time.Duration { return time.Millisecond },
	}
}

// start manages a certificate until the test ends.
func (w *world) start(o certificate.Options) *certificate.Certificate {
	w.Helper()
	c := certificate.New(o)
	c.Manage(w.Context())
	w.Cleanup(c.Close)
	return c
}

// serve answers on the host's ports.
func (w *world) serve(c *certificate.Certificate) {
	silent := slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	page := http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) { _, _ = rw.Write([]byte("page " + r.URL.Path)) })
	plain := &http.Server{Handler: c.Plain(page)}
	secure := &http.Server{Handler: page, TLSConfig: c.TLS(), ErrorLog: silent}
	var serving sync.WaitGroup
	serving.Go(func() { _ = plain.Serve(w.plain) })
	serving.Go(func() { _ = secure.ServeTLS(w.secure, "", "") })
	w.Cleanup(func() {
		_, _ = plain.Close(), secure.Close()
		serving.Wait()
	})
}

// ready waits until there is a certificate.
func (w *world) ready(c *certificate.Certificate) {
	w.Helper()
	require.Eventually(w, func() bool { return c.Check(w.Context()) == nil }, time.Minute, 10*time.Millisecond, "there is no certificate")
}

// leaf is the certificate that the host serves, which the authority's roots
// vouch for.
func (w *world) leaf() *x509.Certificate {
	w.Helper()
	conn, err := tls.Dial("tcp", w.secure.Addr().String(), &tls.Config{ServerName: domain, RootCAs: w.options().Roots})
	require.NoError(w, err)
	defer conn.Close()
	return conn.ConnectionState().PeerCertificates[0]
}

// zone is DNS in memory: every name is this computer, and records can be set.
type zone map[string]string

var zoneMu sync.Mutex

func (z zone) lookup(name, kind string) ([]string, error) {
	zoneMu.Lock()
	defer zoneMu.Unlock()
	if kind == "A" {
		return []string{here}, nil
	}
	if value, ok := z[name]; ok && kind == "TXT" {
		return []string{value}, nil
	}
	return nil, nil
}

func (z zone) SetTXT(_ context.Context, name, value string) error {
	zoneMu.Lock()
	defer zoneMu.Unlock()
	z[name] = value
	return nil
}

func (z zone) RemoveTXT(_ context.Context, name, value string) error {
	zoneMu.Lock()
	defer zoneMu.Unlock()
	if z[name] != value {
		return errors.New("there is no such record")
	}
	delete(z, name)
	return nil
}

// journal is a log that can be read while it is written.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}
