package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/talmolab/lablink-infrastructure/api"
)

// maxBody bounds a request's body, in bytes.
const maxBody = 1 << 20

// patience is how long somebody may take to send a request or to take an answer.
const patience = 30 * time.Second

type contextKey int

const requestIDKey contextKey = iota

// requestID is the id of the request that ctx belongs to.
func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

// middleware is what every request passes, outermost first.
func (s *server) middleware(next http.Handler) http.Handler {
	origin := http.NewCrossOriginProtection()
	origin.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, api.Problemf(api.Forbidden, "The request came from another site", "Open LabLink itself and do it there."))
	}))
	known := s.withSession(next)
	return s.identify(s.recover(harden(bound(apart(origin.Handler(known), known)))))
}

// withoutCancel is the context for what is done after a request, whoever has gone.
func withoutCancel(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
}

// identify gives each request an id and logs it when it is answered.
func (s *server) identify(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()[:16]
		w.Header().Set("X-Request-Id", id)
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey, id))
		logged := &statusWriter{ResponseWriter: w}
		begin := time.Now()
		next.ServeHTTP(logged, r)
		s.Log.DebugContext(r.Context(), "request", "method", r.Method, "path", r.URL.Path, "status", logged.status, //nolint:contextcheck // it is the request's
			"ms", time.Since(begin).Milliseconds(), "request_id", id)
	})
}

// statusWriter remembers the status of an answer.
type statusWriter struct {
	http.ResponseWriter
	status int
}

// WriteHeader remembers the status.
func (w *statusWriter) WriteHeader(status int) {
	if w.status == 0 {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Unwrap lets http.ResponseController through.
func (w *statusWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// recover turns a panic into an answer.
func (s *server) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if v == http.ErrAbortHandler { //nolint:errorlint // what was given to panic, not an error's chain
				panic(v) // the server's own way to cut an answer
			}
			s.Log.ErrorContext(r.Context(), "a request panicked", "panic", v, "path", r.URL.Path, "request_id", requestID(r.Context()), "stack", string(debug.Stack()))
			s.fail(w, r, api.Problemf(api.Internal, "Something went wrong here", "It was written down as %s; tell your administrator if it happens again.", requestID(r.Context())))
		}()
		next.ServeHTTP(w, r)
	})
}

// harden tells the browser what a page may do: load from here, and nothing else.
func harden(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hardened(w.Header())
		next.ServeHTTP(w, r)
	})
}

// pagePolicy is what pages may do, but for who may frame them.
const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors "

// policy names the header that says what a page may do.
const policy = "Content-Security-Policy"

// framing lets a page frame those of this site: a participant's page their desktop.
func framing(h http.Header) { h.Set(policy, pagePolicy+"'none'; frame-src 'self'") }

// framed lets pages of this site frame a page: what is below /desktop/.
func framed(h http.Header) { h.Set(policy, pagePolicy+"'self'") }

func hardened(h http.Header) {
	h.Set(policy, pagePolicy+"'none'")
	h.Set("X-Content-Type-Options", "nosniff")
	// Without an Origin, which no-referrer takes away, forms over plain HTTP could
	// not show that they are this site's own.
	h.Set("Referrer-Policy", "same-origin")
}

// bound limits what a request may send, and how long it and its answer may take.
// What goes on for longer extends it (stream.send) or leaves HTTP (the tunnel).
func bound(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.Body = http.MaxBytesReader(w, r.Body, maxBody)
		until := http.NewResponseController(w)
		_ = until.SetWriteDeadline(time.Now().Add(patience)) // tests' recorders have none
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			_ = until.SetReadDeadline(time.Now().Add(patience))
		}
		next.ServeHTTP(w, r)
	})
}
