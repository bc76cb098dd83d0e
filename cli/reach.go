package cli

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

// leastLeft is how long a certificate must be good: it is renewed a month before
// its end, so by then something has been wrong for weeks.
const leastLeft = 7 * 24 * time.Hour

// dialTimeout bounds how long a connection may take.
const dialTimeout = 10 * time.Second

// name says where a name leads.
func (v *verdict) name(ctx context.Context, host string) {
	if _, err := netip.ParseAddr(host); err == nil {
		v.add("name", true, "%s is an address", host)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, dialTimeout)
	defer cancel()
	addresses, err := net.DefaultResolver.LookupHost(ctx, host)
	if err != nil {
		v.add("name", false, "%s", err)
		return
	}
	v.add("name", true, "%s is %s", host, strings.Join(addresses, ", "))
}

// certificate checks the chain, the name and the days that are left.
func (v *verdict) certificate(ctx context.Context, at *url.URL, roots *x509.CertPool) {
	port := at.Port()
	if port == "" {
		port = "443"
	}
	d := tls.Dialer{NetDialer: &net.Dialer{Timeout: dialTimeout}, Config: &tls.Config{ServerName: at.Hostname(), RootCAs: roots, MinVersion: tls.VersionTLS12}}
	conn, err := d.DialContext(ctx, "tcp", net.JoinHostPort(at.Hostname(), port))
	if err != nil {
		v.add("certificate", false, "%s", err)
		return
	}
	defer conn.Close()
	leaf := conn.(*tls.Conn).ConnectionState().PeerCertificates[0]
	left := time.Until(leaf.NotAfter)
	v.add("certificate", left >= leastLeft, "for %s by %s, %d days left", strings.Join(leaf.DNSNames, ", "), leaf.Issuer.CommonName, int(left.Hours()/24))
}
