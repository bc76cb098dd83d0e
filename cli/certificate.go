package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Certificates are renewed a month before their end or earlier, by whoever issues
// them for LabLink. One with less left than soonLeft was not renewed when it should
// have been; one with less than leastLeft has had something wrong for weeks.
const (
	soonLeft  = 21 * 24 * time.Hour
	leastLeft = 7 * 24 * time.Hour
)

// closedDoor says what to do where nobody answers.
const closedDoor = "look whether you are let in there (network.allowedCidrs), whether the name leads there, and whether the host runs"

// dial reaches an address.
func (g *Globals) dial(ctx context.Context, network, address string) (net.Conn, error) {
	if g.Dial != nil {
		return g.Dial(ctx, network, address)
	}
	d := net.Dialer{Timeout: dialTimeout}
	return d.DialContext(ctx, network, address)
}

// certificate looks at what is shown to people: the chain, the names and the days
// that are left. It reports whether the connection can be trusted.
func (v *verdict) certificate(ctx context.Context, g *Globals, at *url.URL, w expected) bool {
	host, port := at.Hostname(), at.Port()
	if port == "" {
		port = "443"
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	conn, err := g.dial(ctx, "tcp", net.JoinHostPort(host, port))
	if err != nil {
		v.unknown("certificate", fmt.Sprintf("nobody answers at port %s of %s: %s", port, host, err), closedDoor)
		return false
	}
	defer conn.Close()
	secure := tls.Client(conn, &tls.Config{ServerName: host, RootCAs: g.Roots, MinVersion: tls.VersionTLS12})
	if err := secure.HandshakeContext(ctx); err != nil {
		why, detail := refusal(err, host)
		v.wrong("certificate", detail, w.mend(why))
		return false
	}
	leaf := secure.ConnectionState().PeerCertificates[0]
	left := time.Until(leaf.NotAfter)
	detail := fmt.Sprintf("for %s by %s, %d days left", namesOf(leaf), leaf.Issuer.CommonName, int(left.Hours()/24))
	switch {
	case left < leastLeft:
		v.wrong("certificate", detail+": it should have been renewed weeks ago", w.mend(ending))
	case left < soonLeft:
		v.add("certificate", stateWarning, detail+": it should have been renewed by now", w.mend(ending))
	default:
		v.good("certificate", "%s", detail)
	}
	return true
}

// reason is why a certificate is not as it should be.
type reason string

const (
	otherName reason = "of another name"
	untrusted reason = "of nobody's trust"
	outOfTime reason = "out of its time"
	noneShown reason = "none shown"
	ending    reason = "about to end"
)

// refusal puts into words why the connection is not trusted.
func refusal(err error, host string) (reason, string) {
	var (
		named    x509.HostnameError
		invalid  x509.CertificateInvalidError
		verified *tls.CertificateVerificationError
	)
	switch {
	case errors.As(err, &named):
		return otherName, fmt.Sprintf("it is for %s, not for %s", namesOf(named.Certificate), host)
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return outOfTime, fmt.Sprintf("it is good from %s to %s: it has expired, or is not yet good, by this computer's clock",
			exactly(invalid.Cert.NotBefore), exactly(invalid.Cert.NotAfter))
	case errors.As(err, &verified):
		leaf := verified.UnverifiedCertificates[0]
		return untrusted, fmt.Sprintf("it is for %s by %s, which this computer does not trust: %s", namesOf(leaf), leaf.Issuer, verified.Err)
	}
	return noneShown, fmt.Sprintf("none is shown for %s: %s", host, err)
}

// namesOf are the names that a certificate is for.
func namesOf(c *x509.Certificate) string {
	names := slices.Clone(c.DNSNames)
	for _, a := range c.IPAddresses {
		names = append(names, a.String())
	}
	if len(names) == 0 {
		return "no name"
	}
	return strings.Join(names, ", ")
}
