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

// deed is what was just done to a machine, as its workshop's page tells it.
type deed struct{ What, Machine string }

// wasDone sends a browser back after something was done to a machine of a workshop, whose page
// tells it. The machine's own page shows what becomes of it.
func wasDone(w http.ResponseWriter, r *http.Request, what, workshop string) {
	room := "/admin/workshops/" + workshop
	to, err := url.Parse(backTo(r, room))
	if err != nil {
		to = &url.URL{Path: room}
	}
	if to.Path == room {
		q := to.Query()
		q.Set("did", what)
		q.Set("to", r.PathValue("id"))
		to.RawQuery = q.Encode()
	}
	http.Redirect(w, r, to.String(), http.StatusSeeOther)
}

// justDone is what the address of a workshop's page says was done; nil for nothing, and for
// what was not done to a machine of that workshop's.
func (s *server) justDone(r *http.Request, workshop string) (*deed, error) {
	what := r.URL.Query().Get("did")
	if !slices.Contains(hands, what) {
		return nil, nil
	}
	m, err := s.Service.Store.Machine(r.Context(), r.URL.Query().Get("to"))
	if api.CodeOf(err) == api.NotFound || err == nil && m.WorkshopID != workshop {
		return nil, nil
	}
	return &deed{what, m.ID}, err
}
