package authority

import (
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/letsencrypt/pebble/v2/ca"
	"github.com/letsencrypt/pebble/v2/db"
	"github.com/letsencrypt/pebble/v2/va"
	"github.com/letsencrypt/pebble/v2/wfe"
)

// Path is the path of the ACME directory.
const Path = wfe.DirectoryPath

// newOrder is Pebble's path of a new order.
const newOrder = "/order-plz"

// Options say how an authority runs.
type Options struct {
	// Lookup are the values of a name's records of a type, A or TXT. Required.
	Lookup func(name, kind string) ([]string, error)
	// HTTPPort and TLSPort are where challenges are looked for, at the addresses
	// that Lookup gives. Required.
	HTTPPort, TLSPort int
	// Listen is the address to listen on. Optional: a free port of loopback.
	Listen string
	// Name is one more name, or address, by which the authority is reached over TLS. Optional.
	Name string
	// Validity is how long certificates are good. Optional: 90 days.
	Validity time.Duration
	// Before stands in front of the authority, for faults. Optional.
	Before func(http.Handler) http.Handler
}

// Authority is a running authority.
type Authority struct {
	// Address is where it listens for ACME over TLS.
	Address string
	// Roots are the certificates that its clients trust, as PEM: what it issues
	// from, and that of its own server.
	Roots []byte

	orders  atomic.Int64
	server  *http.Server
	dns     *Names
	serving sync.WaitGroup
}

// environment makes Pebble answer at once and the same each time: it would
// otherwise wait, refuse some requests and leave out some validations by chance.
var environment = sync.OnceValue(func() error {
	return errors.Join(
		os.Setenv("PEBBLE_VA_NOSLEEP", "1"), os.Setenv("PEBBLE_WFE_NONCEREJECT", "0"), os.Setenv("PEBBLE_AUTHZREUSE", "0"))
})

// Start starts an authority.
func Start(o Options) (*Authority, error) {
	if err := environment(); err != nil {
		return nil, fmt.Errorf("set up the authority: %w", err)
	}
	if o.Validity == 0 {
		o.Validity = 90 * 24 * time.Hour
	}
	if o.Listen == "" {
		o.Listen = "127.0.0.1:0"
	}
	own, ownPEM, err := serverCertificate(o.Name)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen("tcp", o.Listen)
	if err != nil {
		return nil, fmt.Errorf("listen for ACME: %w", err)
	}
	a := &Authority{Address: l.Addr().String()}
	if a.dns, err = ServeNames(o.Lookup); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	silent := slog.NewLogLogger(slog.DiscardHandler, slog.LevelDebug)
	store := db.NewMemoryStore()
	issuer := ca.New(silent, store, "", "ecdsa", 0, 1, map[string]ca.Profile{"default": {ValidityPeriod: uint64(o.Validity / time.Second)}}) //nolint:gosec // not negative
	a.Roots = append(ownPEM, issuer.GetRootCert(0).PEM()...)
	front := wfe.New(silent, store, va.New(silent, o.HTTPPort, o.TLSPort, false, a.dns.Address, store), issuer, nil, false, false, 0, 0)
	handler := a.counting(front.Handler())
	if o.Before != nil {
		handler = o.Before(handler)
	}
	a.server = &http.Server{
		Handler: handler, ErrorLog: silent, ReadHeaderTimeout: 30 * time.Second,
		TLSConfig: &tls.Config{Certificates: []tls.Certificate{own}, MinVersion: tls.VersionTLS12},
	}
	a.serving.Go(func() { _ = a.server.ServeTLS(l, "", "") }) // ends with Close
	return a, nil
}

// counting counts the orders that come in.
func (a *Authority) counting(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost && r.URL.Path == newOrder {
			a.orders.Add(1)
		}
		next.ServeHTTP(w, r)
	})
}

// Orders is how many certificates have been ordered, whatever came of it.
func (a *Authority) Orders() int { return int(a.orders.Load()) }

// Close stops answering.
func (a *Authority) Close() {
	_ = a.server.Close()
	a.dns.Close()
	a.serving.Wait()
}
