package certificate

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/caddyserver/certmagic"
	"go.uber.org/zap"
)

// Options say for which name a certificate is wanted, and from whom.
type Options struct {
	Domain string
	Email  string // the authority warns there
	// Directory is the authority's ACME directory. Optional: Let's Encrypt's, with
	// its staging authority asked first after a failure, as that one costs no limit.
	Directory string
	// Roots are trusted when the authority is called. Optional: the system's.
	Roots *x509.CertPool
	// Storage is the folder that keeps keys and certificates.
	Storage string
	// HTTPPort and TLSPort are where this process is reached, when that is not 80
	// and 443.
	HTTPPort, TLSPort int
	// Records answers the challenge by a record in DNS. Optional: the ports do.
	Records Records
	// Log is told what goes wrong and when it is tried again. Required.
	Log *slog.Logger
	// Wait is how long to wait after so many failures in a row to get the first
	// certificate. Optional: Backoff.
	Wait func(failures int) time.Duration
	// RenewEvery is how often to look whether the certificate is to be renewed,
	// which is so in the last third of its life. Optional: ten minutes.
	RenewEvery time.Duration
}

// Staging is the directory of Let's Encrypt's staging authority: its
// certificates are trusted by nobody and cost none of the limits.
const Staging = certmagic.LetsEncryptStagingCA

// Certificate keeps the certificate for one name.
type Certificate struct {
	Options
	config *certmagic.Config
	cache  *certmagic.Cache
	issuer *certmagic.ACMEIssuer
	cancel context.CancelFunc

	managing sync.WaitGroup
	closing  sync.Once
	mu       sync.Mutex
	failed   error // why the last try failed, until a certificate was got
}

// New prepares to manage the certificate.
func New(o Options) *Certificate {
	c := &Certificate{Options: o, cancel: func() {}}
	if c.Wait == nil {
		c.Wait = Backoff
	}
	c.cache = certmagic.NewCache(certmagic.CacheOptions{
		GetConfigForCert:   func(certmagic.Certificate) (*certmagic.Config, error) { return c.config, nil },
		RenewCheckInterval: o.RenewEvery, Logger: zap.NewNop(),
	})
	c.config = certmagic.New(c.cache, certmagic.Config{
		Storage: &certmagic.FileStorage{Path: o.Storage}, Logger: zap.NewNop(), OnEvent: c.heard,
	})
	directory, trial := o.Directory, o.Directory
	if directory == "" {
		directory, trial = certmagic.LetsEncryptProductionCA, Staging
	}
	template := certmagic.ACMEIssuer{
		CA: directory, TestCA: trial, Email: o.Email, Agreed: true, TrustedRoots: o.Roots,
		AltHTTPPort: o.HTTPPort, AltTLSALPNPort: o.TLSPort, Logger: zap.NewNop(),
	}
	if o.Records != nil {
		template.DNS01Solver = solver{o.Records}
	}
	c.issuer = certmagic.NewACMEIssuer(c.config, template)
	c.config.Issuers = []certmagic.Issuer{c.issuer}
	return c
}

// Close stops managing and renewing, and waits until that has ended.
func (c *Certificate) Close() {
	c.closing.Do(func() {
		c.cancel()
		c.managing.Wait()
		c.cache.Stop()
	})
}

// TLS is how to serve with the certificate: TLS 1.2 or newer, with forward
// secrecy and authenticated encryption.
func (c *Certificate) TLS() *tls.Config {
	t := c.config.TLSConfig()
	t.NextProtos = append([]string{"h2", "http/1.1"}, t.NextProtos...)
	t.MinVersion, t.CipherSuites = tls.VersionTLS12, suites
	return t
}

// suites are those of TLS 1.2 with forward secrecy and authenticated encryption;
// TLS 1.3 has no others.
var suites = []uint16{
	tls.TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305,
	tls.TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256, tls.TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384, tls.TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305,
}

// usable reports whether there is a certificate that has not expired.
func (c *Certificate) usable() bool {
	return slices.ContainsFunc(c.cache.AllMatchingCertificates(c.Domain), func(cert certmagic.Certificate) bool { return !cert.Expired() })
}

// Ends is when the certificate does that is served longest; zero while there is none.
func (c *Certificate) Ends() (at time.Time) {
	for _, cert := range c.cache.AllMatchingCertificates(c.Domain) {
		if cert.Leaf != nil && cert.Leaf.NotAfter.After(at) {
			at = cert.Leaf.NotAfter
		}
	}
	return at
}

// Check reports whether there is a certificate to serve with, and if there is
// none, what went wrong when it was asked for and what to do about it.
func (c *Certificate) Check(context.Context) error {
	if c.usable() {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.failed == nil {
		return fmt.Errorf("there is no certificate for %s yet: the authority has been asked", c.Domain)
	}
	return fmt.Errorf("there is no certificate for %s yet: %s. It is tried again. The last try failed: %w", c.Domain, c.advice(c.failed), c.failed)
}
