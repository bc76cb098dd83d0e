package web

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Who does something from a page comes back to that page.

// cameFrom is the page that the one that asks whether something is meant was opened from,
// where its address says so.
func cameFrom(r *http.Request, or string) string {
	if from := r.URL.Query().Get("back"); from != "" {
		return safeNext(from)
	}
	return or
}

// goBack sends a browser to the page that its form stands on, where it says which.
func goBack(w http.ResponseWriter, r *http.Request, or string) {
	http.Redirect(w, r, backTo(r, or), http.StatusSeeOther)
}

func backTo(r *http.Request, or string) string {
	if to := r.PostFormValue("back"); to != "" {
		return safeNext(to)
	}
	return or
}

// deed is what was just done, and to which machine or user, as a page tells it.
type deed struct{ What, To string }

// wasDone sends a browser back after something was done, and lets the page that tells it do so.
// Another one, as a machine's own, shows what becomes of it.
func wasDone(w http.ResponseWriter, r *http.Request, page string, did deed) {
	to, err := url.Parse(backTo(r, page))
	if err != nil {
		to = &url.URL{Path: page}
	}
	if to.Path == page {
		q := to.Query()
		q.Set("did", did.What)
		q.Set("to", did.To)
		to.RawQuery = q.Encode()
	}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// didOf is what the address of a page says was done, of what it tells; nil for nothing.
func didOf(r *http.Request, tells ...string) *deed {
	did := deed{r.URL.Query().Get("did"), r.URL.Query().Get("to")}
	if !slices.Contains(tells, did.What) {
		return nil
	}
	return &did
}

// justDone is the same of a workshop's page, and nil for what was not done to a machine of that
// workshop's.
func (s *server) justDone(r *http.Request, workshop string) (*deed, error) {
	did := didOf(r, hands...)
	if did == nil {
		return nil, nil
	}
	m, err := s.Service.Store.Machine(r.Context(), did.To)
	if api.CodeOf(err) == api.NotFound || err == nil && m.WorkshopID != workshop {
		return nil, nil
	}
	return did, err
}
