package web

import (
	"fmt"
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// administering are the functions of the pages of who keeps the deployment.
var administering = template.FuncMap{
	"picture": func(id string, title template.HTML, c chart) picture { return picture{id, title, c} },
	"mib":     func(bytes int64) string { return fmt.Sprintf("%.1f", float64(bytes)/(1<<20)) },
	"current": current,
	// among reports whether there are words for what an agent, or a library, says.
	"among": func(one any, all ...string) bool { return slices.Contains(all, fmt.Sprint(one)) },
}

// current marks a link to the page that is shown, or to what is above it.
func current(here string, pages ...string) template.HTMLAttr {
	for _, page := range pages {
		if here == page || strings.HasPrefix(here, page+"/") && page != "/admin" {
			return ` aria-current="page"`
		}
	}
	return ""
}

// livePage adds a page of which a part is kept up to date, and the stream that does it.
func (s *server) livePage(mux *routes, at, page, part string, data func(*http.Request) (any, error)) {
	mux.HandleFunc("GET "+at, s.forStaff(func(w http.ResponseWriter, r *http.Request) {
		v, err := data(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.render(w, r, http.StatusOK, page, v)
	}))
	mux.HandleFunc("GET "+at+"/live", s.forStaff(func(w http.ResponseWriter, r *http.Request) {
		s.live(w, r, page, part, func(*look) (any, error) { return data(r) })
	}))
}

// given are the parts of a filter that leave something out.
func given(parts map[string]string) url.Values {
	q := url.Values{}
	for name, value := range parts {
		if value != "" {
			q.Set(name, value)
		}
	}
	return q
}

// routeAdministration adds the pages of who keeps the deployment.
func (s *server) routeAdministration(mux *routes) {
	s.routeMachines(mux)
	s.routeMachine(mux)
	s.livePage(mux, "/admin/operations", "operations.html", "operations", func(r *http.Request) (any, error) { return s.operationsData(r) })
	s.livePage(mux, "/admin/pools", "pools.html", "pools", func(r *http.Request) (any, error) { return s.poolsData(r.Context()) })
	s.routeCosts(mux)
	s.livePage(mux, "/admin/health", "health.html", "health", func(r *http.Request) (any, error) { return s.healthData(r.Context()) })
	s.routeAudit(mux)
	mux.HandleFunc("GET /admin/schedules", s.forStaff(s.schedulesPage))
	mux.HandleFunc("GET /admin/settings", s.forStaff(s.settingsPage))
}
