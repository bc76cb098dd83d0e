package certificate

import (
	"context"
	"crypto/tls"
	"fmt"
	"net/http"
	"time"
)

// Origin is a certificate that somebody else keeps up: the one that Cloudflare's
// authority issued for what stands behind Cloudflare.
type Origin struct {
	domain string
	pair   tls.Certificate
	now    func() time.Time
}

// NewOrigin takes a certificate and its key, both in PEM. They must belong
// together, and be for domain.
func NewOrigin(domain, certificate, key string, now func() time.Time) (*Origin, error) {
	pair, err := tls.X509KeyPair([]byte(certificate), []byte(key))
	if err == nil {
		err = pair.Leaf.VerifyHostname(domain)
	}
	if err != nil {
		return nil, fmt.Errorf("take the origin certificate of %s and its key: %w", domain, err)
	}
	return &Origin{domain, pair, now}, nil
}

// TLS is how to serve with the certificate.
func (o *Origin) TLS() *tls.Config {
	return &tls.Config{
		Certificates: []tls.Certificate{o.pair}, NextProtos: []string{"h2", "http/1.1"}, MinVersion: tls.VersionTLS12, CipherSuites: suites,
	}
}

// Plain answers on port 80 as toSecure.
func (o *Origin) Plain(health http.Handler) http.Handler { return toSecure(o.domain, health) }

// Check reports whether the certificate is still good.
func (o *Origin) Check(context.Context) error {
	if now := o.now(); now.After(o.pair.Leaf.NotAfter) {
		return fmt.Errorf("the origin certificate of %s ended on %s: delete it from the stack's state and deploy again", o.domain, o.pair.Leaf.NotAfter.Format(time.DateOnly))
	}
	return nil
}

// Ends is when the certificate does.
func (o *Origin) Ends() time.Time { return o.pair.Leaf.NotAfter }

// Close has nothing to stop.
func (o *Origin) Close() {}
