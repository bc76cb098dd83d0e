package certificate

import (
	"net/http"
	"net/url"
	"slices"
)

// open are the paths that are answered without TLS, too: they say nothing that
// is secret, and they say why there is no certificate. Metrics are told on this
// computer alone, where no certificate is for the address.
var open = []string{"/healthz", "/readyz", "/metrics"}

// Plain answers the authority's challenges on port 80, and otherwise as toSecure.
func (c *Certificate) Plain(health http.Handler) http.Handler {
	return c.issuer.HTTPChallengeHandler(toSecure(c.Domain, health))
}

// toSecure lets health be asked, and sends everybody else to the secure address:
// to the same path at the name that the certificate is for, whatever name was
// asked.
func toSecure(domain string, health http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if slices.Contains(open, r.URL.Path) && (r.Method == http.MethodGet || r.Method == http.MethodHead) {
			health.ServeHTTP(w, r)
			return
		}
		// The parts, not the request's line: a path that does not begin with a slash
		// must not become part of the name.
		to := url.URL{Scheme: "https", Host: domain, Path: r.URL.Path, RawPath: r.URL.RawPath, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, to.String(), http.StatusPermanentRedirect)
	})
}
