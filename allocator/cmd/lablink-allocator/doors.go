package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"time"

	"github.com/coreos/go-systemd/v22/activation"

	"github.com/talmolab/lablink-infrastructure/allocator/certificate"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// doors are where requests come in.
type doors struct {
	plain       []net.Listener // without TLS
	secure      []net.Listener
	certificate *certificate.Certificate // nil without TLS
	servers     []*http.Server
}

// openDoors takes the listeners that systemd passes, for ports 80 and 443, or
// opens one.
func openDoors(ctx context.Context, listen string, t deployed.TLS, data string) (*doors, error) {
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
	if t.Mode != "acme" {
		return d, nil
	}
	if len(passed) != 2 {
		return nil, fmt.Errorf("TLS needs the listeners for ports 80 and 443, but systemd passed %d", len(passed))
	}
	d.plain, d.secure = passed[:1], passed[1:]
	options := certificate.Options{Domain: t.Domain, Email: t.Email, Storage: filepath.Join(data, "certificates")}
	if t.Staging {
		options.Directory = certificate.Staging
	}
	d.certificate = certificate.New(options)
	return d, d.certificate.Manage(ctx)
}

// serve answers on all doors. The channel hears when one breaks.
func (d *doors) serve(handler http.Handler) <-chan error {
	failed := make(chan error, len(d.plain)+len(d.secure))
	start := func(l net.Listener, h http.Handler, secure *tls.Config) {
		s := &http.Server{Handler: h, TLSConfig: secure, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
		d.servers = append(d.servers, s)
		serve := s.Serve
		if secure != nil {
			serve = func(l net.Listener) error { return s.ServeTLS(l, "", "") }
		}
		go func() {
			if err := serve(l); !errors.Is(err, http.ErrServerClosed) {
				failed <- fmt.Errorf("serve %s: %w", l.Addr(), err)
			}
		}()
	}
	plain := handler
	if d.certificate != nil {
		plain = d.certificate.Plain()
	}
	for _, l := range d.plain {
		start(l, plain, nil)
	}
	for _, l := range d.secure {
		start(l, handler, d.certificate.TLS())
	}
	return failed
}

// shutdown lets requests finish until ctx ends.
func (d *doors) shutdown(ctx context.Context) error {
	var err error
	for _, s := range d.servers {
		if e := s.Shutdown(ctx); e != nil {
			err = errors.Join(err, e, s.Close())
		}
	}
	return err
}

func (d *doors) close() {
	for _, l := range append(d.plain, d.secure...) {
		_ = l.Close()
	}
	if d.certificate != nil {
		d.certificate.Close()
	}
}
