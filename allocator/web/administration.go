package web

import (
	"fmt"
	"html/template"
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

// routeAdministration adds the pages of who keeps the deployment.
func (s *server) routeAdministration(mux *routes) {
	s.routeMachines(mux)
	s.routeMachine(mux)
	s.routeOperations(mux)
	s.routePools(mux)
	s.routeCosts(mux)
	s.routeHealth(mux)
	s.routeAudit(mux)
	mux.HandleFunc("GET /admin/schedules", s.forStaff(s.schedulesPage))
	mux.HandleFunc("GET /admin/settings", s.forStaff(s.settingsPage))
}
