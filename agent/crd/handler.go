package crd

import "net/http"

// Handler answers below /desktop/: there is no desktop to see, but the seat's page leads to
// it.
func (d *Desktop) Handler() http.Handler {
	return http.RedirectHandler("/seat", http.StatusSeeOther)
}
