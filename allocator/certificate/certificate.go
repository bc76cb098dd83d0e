package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"sync/atomic"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// Options say for which name a certificate is wanted, and from whom.
type Options struct {
	Domain string
	Email  string // the authority warns there
	// Directory is the authority's ACME directory. Optional: Let's Encrypt's.
	Directory string
	// Roots are trusted when the authority is called. Optional: the system's.
	Roots *x509.CertPool
	// Storage is the folder that keeps keys and certificates.
	Storage string
	// HTTPPort and TLSPort are where the challenges arrive, when that is not 80
	// and 443.
	HTTPPort, TLSPort int
}

// Staging is the directory of Let's Encrypt's staging authority: its
// certificates are trusted by nobody and cost none of the limits.
const Staging = certmagic.LetsEncryptStagingCA

// Certificate keeps the certificate for one name.
type Certificate struct {
	config *certmagic.Config
	cache  *certmagic.Cache
	issuer *certmagic.ACMEIssuer
	domain string
	// failed is what went wrong the last time, until a certificate was got.
	failed atomic.Pointer[error]
}

// New prepares to manage the certificate.
func New(o Options) *Certificate {
	c := &Certificate{domain: o.Domain}
	c.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert: func(certmagic.Certificate) (*certmagic.Config, error) { return c.config, nil },
		Logger:           zap.NewNop(),
	})
	c.config = certmagic.New(c.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: o.Storage}, Logger: zap.NewNop(), OnEvent: c.heard,
	})
	directory := o.Directory
	if directory == "" {
		directory = certmagic.LetsEncryptProductionCA
	}
	c.issuer = certmagic.NewACMEIssuer(c.config, certmagic.ACMEIssuer{
		CA: directory, TestCA: directory, Email: o.Email, Agreed: true, TrustedRoots: o.Roots,
		AltHTTPPort: o.HTTPPort, AltTLSALPNPort: o.TLSPort, Logger: zap.NewNop(),
	})
	c.config.Issuers = []certmagic.Issuer{c.issuer}
	return c
}

// Manage gets the certificate in the background and renews it, until ctx ends.
func (c *Certificate) Manage(ctx context.Context) error {
	if err := c.config.ManageAsync(ctx, []string{c.domain}); err != nil {
		return fmt.Errorf("manage the certificate of %s: %w", c.domain, err)
	}
	return nil
}

// heard keeps what the authority's last refusal was, for Check to say.
func (c *Certificate) heard(_ context.Context, event string, data map[string]any) error {
	switch event {
	case "cert_failed":
		if err, ok := data["error"].(error); ok {
			c.failed.Store(&err)
		}
	case "cert_obtained":
		c.failed.Store(nil)
	}
	return nil
}

// Close stops renewing.
func (c *Certificate) Close() { c.cache.Stop() }

// TLS is how to serve with the certificate.
func (c *Certificate) TLS() *tls.Config {
	t := c.config.TLSConfig()
	t.NextProtos = append([]string{"h2", "http/1.1"}, t.NextProtos...)
	t.MinVersion = tls.VersionTLS12
	return t
}

// Plain answers the authority's challenges on port 80 and sends everybody else
// to the secure address.
func (c *Certificate) Plain() http.Handler {
	return c.issuer.HTTPChallengeHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "https://"+c.domain+r.URL.RequestURI(), http.StatusPermanentRedirect)
	}))
}

// Check reports whether there is a certificate to serve with, and if there is
// none, what went wrong when it was asked for.
func (c *Certificate) Check(context.Context) error {
	for _, cert := range c.cache.AllMatchingCertificates(c.domain) {
		if !cert.Expired() {
			return nil
		}
	}
	if failed := c.failed.Load(); failed != nil {
		return fmt.Errorf("there is no certificate for %s yet: does the name point at this host, and can the authority reach it on port 80? The last try failed: %w", c.domain, *failed)
	}
	return fmt.Errorf("there is no certificate for %s yet: does the name point at this host, and can the authority reach it on port 80?", c.domain)
}
