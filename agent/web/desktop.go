package web

import "net/http"

// WithDesktop lets a desktop answer below /desktop/.
func WithDesktop(desktop http.Handler) Part {
	return func(mux *http.ServeMux) { mux.Handle("GET /desktop/", desktop) }
}
