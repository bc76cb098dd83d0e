package uplink

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"net/http"
	"time"
)

const (
	// connectTimeout bounds how long a connection may take to be made, and
	// again how long TLS may take.
	connectTimeout = 10 * time.Second
	// readTimeout bounds how long an answer may take to begin.
	readTimeout = 20 * time.Second
	// callTimeout bounds a call from its beginning to the end of its answer.
	callTimeout = 30 * time.Second
)

// NewHTTP returns a client that gives up on an allocator that is silent.
// TLSName, when not empty, is the name that the allocator's certificate must
// have; otherwise it is the one in the URL. Trust, when not nil, holds the
// certificates that are trusted, in place of the system's. Redirects are not followed: they
// would carry the agent's secret and proof elsewhere.
func NewHTTP(tlsName string, trust *x509.CertPool) *http.Client {
	var http1 http.Protocols // WebSocket needs it
	http1.SetHTTP1(true)
	return &http.Client{
		Timeout: callTimeout,
		Transport: &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: connectTimeout}).DialContext,
			TLSHandshakeTimeout:   connectTimeout,
			TLSClientConfig:       &tls.Config{ServerName: tlsName, RootCAs: trust},
			ResponseHeaderTimeout: readTimeout,
			IdleConnTimeout:       90 * time.Second,
			Protocols:             &http1,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}
