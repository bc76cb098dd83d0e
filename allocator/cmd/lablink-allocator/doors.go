package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/coreos/go-systemd/v22/activation"

	"github.com/talmolab/lablink-infrastructure/allocator/certificate"
	"github.com/talmolab/lablink-infrastructure/allocator/route53"
	"github.com/talmolab/lablink-infrastructure/allocator/secrets"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// doors are where requests come in.
type doors struct {
	own         net.Listener   // for this computer, wherever the others lead
	plain       []net.Listener // without TLS
	secure      []net.Listener
	certificate issued // nil without TLS
	hsts        int    // seconds
	servers     []*http.Server
	gates       []*gate
	newcomers   newcomers
}

// issued is a certificate to serve with, whoever issued it.
type issued interface {
	TLS() *tls.Config
	Plain(health http.Handler) http.Handler
	Check(ctx context.Context) error
	// Ends is when the certificate does; zero while there is none.
	Ends() time.Time
	Close()
}

// directoryVariable names another ACME authority than Let's Encrypt: that of a
// simulated machine's world.
const directoryVariable = "LABLINK_ACME_DIRECTORY"

// openDoors opens the host's own door, and those of everybody else, which a
// rehearsal has not.
func (a *app) openDoors(ctx context.Context, listen string) (*doors, error) {
	own, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for this host: %w", err)
	}
	d := &doors{}
	if !a.rehearsal {
		if d, err = openDoors(ctx, listen, a.cloud, a.settings.TLS, a.data, a.log); err != nil {
			return nil, errors.Join(err, own.Close())
		}
	}
	d.own = own
	return d, nil
}

// openDoors takes the listeners that systemd passes, for ports 80 and 443, or
// opens one.
func openDoors(ctx context.Context, listen string, cloud aws.Config, t deployed.TLS, data string, log *slog.Logger) (*doors, error) {
	passed, err := activation.Listeners()
	if err != nil {
		return nil, fmt.Errorf("take the listeners from systemd: %w", err)
	}
	d := &doors{plain: passed}
	if len(passed) == 0 {
		if listen == "" {
			return nil, errors.New("there is nothing to listen on: run under lablink-allocator.socket, or give --listen")
		}
		l, err := net.Listen("tcp", listen)
		if err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
		d.plain = []net.Listener{l}
		return d, nil
	}
	switch t.Mode {
	case "none":
		return d, nil
	case "acm": // a load balancer ends TLS
		d.hsts = t.HSTSSeconds
		return d, nil
	}
	if len(passed) != 2 {
		return nil, fmt.Errorf("TLS needs the listeners for ports 80 and 443, but systemd passed %d", len(passed))
	}
	d.plain, d.secure, d.hsts = passed[:1], passed[1:], t.HSTSSeconds
	switch t.Mode {
	case "cloudflare":
		return d, d.useOrigin(ctx, cloud, t)
	case "acme":
		d.useACME(ctx, cloud, t, data, log)
		return d, nil
	}
	return nil, fmt.Errorf("the settings want TLS of the mode %q, which this release does not know", t.Mode)
}

// useOrigin serves with the certificate that the stack hands over.
func (d *doors) useOrigin(ctx context.Context, cloud aws.Config, t deployed.TLS) error {
	key, err := secrets.Read(ctx, secrets.Client(cloud), t.KeyParameter)
	if err != nil {
		return err
	}
	origin, err := certificate.NewOrigin(t.Domain, t.Certificate, key, time.Now)
	if err != nil {
		return err
	}
	d.certificate = origin
	return nil
}

// useACME serves with a certificate that is got and renewed here.
func (d *doors) useACME(ctx context.Context, cloud aws.Config, t deployed.TLS, data string, log *slog.Logger) {
	options := certificate.Options{
		Domain: t.Domain, Email: t.Email, Storage: filepath.Join(data, "certificates"), Log: log,
		HTTPPort: portOf(d.plain[0]), TLSPort: portOf(d.secure[0]), Directory: os.Getenv(directoryVariable),
	}
	if t.Staging && options.Directory == "" {
		options.Directory = certificate.Staging
	}
	if t.ZoneID != "" {
		options.Records = route53.New(cloud, t.ZoneID)
	}
	acme := certificate.New(options)
	acme.Manage(ctx)
	d.certificate = acme
}

func portOf(l net.Listener) int { return l.Addr().(*net.TCPAddr).Port }

// serve answers on all doors. The channel hears when one breaks. Once no door is
// open any more, closed is called.
func (d *doors) serve(handler http.Handler, closed func()) chan error {
	failed := make(chan error, 2+len(d.plain)+len(d.secure))
	start := func(l net.Listener, h http.Handler, secure *tls.Config) {
		s := &http.Server{Handler: h, TLSConfig: secure, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute, ConnState: d.newcomers.became}
		g := newGate(l, &d.newcomers)
		d.servers, d.gates = append(d.servers, s), append(d.gates, g)
		serve := s.Serve
		if secure != nil {
			serve = func(l net.Listener) error { return s.ServeTLS(l, "", "") }
		}
		go func() {
			if err := serve(g); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", l.Addr(), err)
			}
		}()
	}
	plain := strictTransport(handler, d.hsts)
	if d.certificate != nil {
		plain = d.certificate.Plain(handler)
	}
	start(d.own, handler, nil)
	for _, l := range d.plain {
		start(l, plain, nil)
	}
	for _, l := range d.secure {
		start(l, strictTransport(handler, d.hsts), d.certificate.TLS())
	}
	d.servers[len(d.servers)-1].RegisterOnShutdown(closed)
	return failed
}

// strictTransport tells browsers to come to this name over TLS only from now on.
// Names below it are not this deployment's to speak for.
func strictTransport(next http.Handler, seconds int) http.Handler {
	if seconds == 0 {
		return next
	}
	value := "max-age=" + strconv.Itoa(seconds)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Strict-Transport-Security", value)
		next.ServeHTTP(w, r)
	})
}

// shutdown lets nobody in any more, waits for what those want who came in just now, closes
// all doors at once, lets requests finish for a while, and cuts what is left.
func (d *doors) shutdown(arrival, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	d.settle(ctx, arrival)
	errs := make([]error, len(d.servers))
	var all sync.WaitGroup
	for i, s := range d.servers {
		all.Go(func() {
			if errs[i] = s.Shutdown(ctx); errors.Is(errs[i], context.DeadlineExceeded) {
				errs[i] = s.Close()
			}
		})
	}
	all.Wait()
	return errors.Join(errs...)
}

// settle shuts the gates, and lets who just came in say what they want.
func (d *doors) settle(ctx context.Context, arrival time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, arrival)
	defer cancel()
	for _, g := range d.gates {
		g.hold(ctx)
	}
	d.newcomers.wait(ctx)
}

func (d *doors) close() {
	for _, l := range slices.Concat([]net.Listener{d.own}, d.plain, d.secure) {
		_ = l.Close()
	}
	if d.certificate != nil {
		d.certificate.Close()
	}
}
