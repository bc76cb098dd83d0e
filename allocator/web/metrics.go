package web

import (
	"net/http"
	"net/netip"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// metricsPath is where Prometheus asks.
const metricsPath = "/metrics"

// metrics answers who asks for metrics on this very computer, and comes through no proxy.
// Everybody else needs a token.
func (s *server) metrics(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if s.Metrics != nil && r.URL.Path == metricsPath && fromHere(r) {
			s.Metrics.ServeHTTP(w, r)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// metricsByToken answers who shows a user's token. To everybody else there is no such page.
func (s *server) metricsByToken(w http.ResponseWriter, r *http.Request) {
	if s.Metrics == nil || !forPrograms(r) {
		s.nowhere(w, r)
		return
	}
	p, err := who(r.Context())
	if err == nil {
		err = p.Need(allocator.Viewer)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.Metrics.ServeHTTP(w, r)
}

// fromHere reports whether a request comes from this computer, and from no proxy on it.
func fromHere(r *http.Request) bool {
	for _, name := range []string{"Forwarded", "X-Forwarded-For", "X-Real-Ip", "Cf-Connecting-Ip", "Via"} {
		if r.Header.Get(name) != "" {
			return false
		}
	}
	address, err := netip.ParseAddr(remote(r))
	return err == nil && address.Unmap().IsLoopback() && (r.Method == http.MethodGet || r.Method == http.MethodHead)
}

// measure lets Answered hear of every answer.
func (s *server) measure(mux *http.ServeMux, next http.Handler) http.Handler {
	if s.Answered == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, route := mux.Handler(r)
		said := &statusWriter{ResponseWriter: w}
		defer func() { s.Answered(route, said.status) }()
		next.ServeHTTP(said, r)
	})
}
