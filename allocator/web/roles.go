package web

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator"
)

// needs is the role that each operation and page of staff needs: operations by
// their ids, pages by their patterns. What is not in it is refused to everybody, and
// an allocator whose pages and operations differ from it does not start.
var needs = map[string]allocator.Role{
	// Who looks, and what everybody does for themselves.
	"log-out":                                allocator.Viewer,
	"who-am-i":                               allocator.Viewer,
	"change-password":                        allocator.Viewer,
	"list-tokens":                            allocator.Viewer,
	"make-token":                             allocator.Viewer,
	"revoke-token":                           allocator.Viewer,
	"list-pools":                             allocator.Viewer,
	"list-seats":                             allocator.Viewer,
	"list-workshops":                         allocator.Viewer,
	"get-workshop":                           allocator.Viewer,
	"get-roster":                             allocator.Viewer,
	"list-machines":                          allocator.Viewer,
	"get-timeline":                           allocator.Viewer,
	"list-operations":                        allocator.Viewer,
	"list-schedules":                         allocator.Viewer,
	"list-costs":                             allocator.Viewer,
	"list-days":                              allocator.Viewer,
	"list-months":                            allocator.Viewer,
	"list-join-tokens":                       allocator.Viewer,
	"get-budget":                             allocator.Viewer,
	"export-workshop":                        allocator.Viewer,
	"workshop-stats":                         allocator.Viewer,
	"GET /admin":                             allocator.Viewer,
	"GET /admin/live":                        allocator.Viewer,
	"GET /admin/workshops/{id}":              allocator.Viewer,
	"GET /admin/workshops/{id}/live":         allocator.Viewer,
	"GET /admin/workshops/{id}/project":      allocator.Viewer,
	"GET /admin/workshops/{id}/project/live": allocator.Viewer,
	"GET /admin/machines":                    allocator.Viewer,
	"GET /admin/machines/live":               allocator.Viewer,
	"GET /admin/machines/{id}":               allocator.Viewer,
	"GET /admin/machines/{id}/live":          allocator.Viewer,
	"GET /admin/operations":                  allocator.Viewer,
	"GET /admin/operations/live":             allocator.Viewer,
	"GET /admin/pools":                       allocator.Viewer,
	"GET /admin/pools/live":                  allocator.Viewer,
	"GET /admin/schedules":                   allocator.Viewer,
	"GET /admin/costs":                       allocator.Viewer,
	"GET /admin/costs/file":                  allocator.Viewer,
	"POST /admin/logout":                     allocator.Viewer,
	"GET /admin/account":                     allocator.Viewer,
	"POST /admin/account/password":           allocator.Viewer,
	"POST /admin/account/tokens":             allocator.Viewer,
	"POST /admin/account/revoke/{id}":        allocator.Viewer,

	// Workshops, machines and seats, and who did what to them.
	"open-workshop":                                allocator.Instructor,
	"change-workshop":                              allocator.Instructor,
	"estimate-workshop":                            allocator.Instructor,
	"message-workshop":                             allocator.Instructor,
	"end-workshop":                                 allocator.Instructor,
	"terminate-machine":                            allocator.Instructor,
	"read-log":                                     allocator.Instructor,
	"GET /admin/machines/{id}/log":                 allocator.Instructor,
	"GET /admin/machines/{id}/log/live":            allocator.Instructor,
	"GET /admin/machines/{id}/confirm/{what}":      allocator.Instructor,
	"POST /admin/machines/{id}/drain":              allocator.Instructor,
	"GET /admin/audit/file":                        allocator.Instructor,
	"GET /admin/workshops/{id}/join-machines":      allocator.Instructor,
	"GET /admin/workshops/{id}/join-machines/live": allocator.Instructor,
	"collect-work":                                 allocator.Instructor,
	"move-seat":                                    allocator.Instructor,
	"message-seat":                                 allocator.Instructor,
	"extend-seat-of":                               allocator.Instructor,
	"reboot-machine":                               allocator.Instructor,
	"drain-machine":                                allocator.Instructor,
	"replace-machine":                              allocator.Instructor,
	"POST /admin/seats/{id}/move":                  allocator.Instructor,
	"POST /admin/seats/{id}/message":               allocator.Instructor,
	"GET /admin/seats/{id}/watch":                  allocator.Instructor,
	"GET /admin/seats/{id}/watch/stream":           allocator.Instructor,
	"GET /admin/seats/{id}/control":                allocator.Instructor,
	"GET /admin/seats/{id}/control/stream":         allocator.Instructor,
	"GET /admin/seats/{id}/preview":                allocator.Instructor,
	"POST /admin/machines/{id}/reboot":             allocator.Instructor,
	"POST /admin/machines/{id}/replace":            allocator.Instructor,
	"GET /admin/workshops/{id}/work":               allocator.Instructor,
	"GET /admin/seats/{id}/move":                   allocator.Instructor,
	"GET /admin/seats/{id}/release":                allocator.Instructor,
	"POST /admin/seats/{id}/extend":                allocator.Instructor,
	"GET /admin/workshops/{id}/collected/live":     allocator.Instructor,
	"GET /admin/workshops/{id}/work.zip":           allocator.Instructor,
	"GET /admin/workshops/{id}/collected/file":     allocator.Instructor,
	"GET /admin/workshops/{id}/end":                allocator.Instructor,
	"POST /admin/workshops/{id}/ends":              allocator.Instructor,
	"POST /admin/workshops/{id}/message":           allocator.Instructor,
	"POST /admin/workshops/estimate":               allocator.Instructor,
	"POST /admin/workshops/{id}/collect":           allocator.Instructor,
	"list-work":                                    allocator.Instructor,
	"add-schedule":                                 allocator.Instructor,
	"end-schedule":                                 allocator.Instructor,
	"GET /admin/schedules/{id}/end":                allocator.Instructor,
	"POST /admin/schedules/{id}/end":               allocator.Instructor,
	"release-seat":                                 allocator.Instructor,
	"list-events":                                  allocator.Instructor,
	"POST /admin/workshops":                        allocator.Instructor,
	"POST /admin/workshops/{id}/end":               allocator.Instructor,
	"POST /admin/workshops/{id}/change":            allocator.Instructor,
	"POST /admin/seats/{id}/release":               allocator.Instructor,
	"POST /admin/machines/{id}/terminate":          allocator.Instructor,
	"GET /admin/audit":                             allocator.Instructor,
	"cancel-operation":                             allocator.Instructor,
	"POST /admin/operations/{id}/cancel":           allocator.Instructor,
	"make-join-token":                              allocator.Instructor,
	"revoke-join-token":                            allocator.Instructor,
	"POST /admin/workshops/{id}/join-tokens":       allocator.Instructor,
	"POST /admin/join-tokens/{id}/revoke":          allocator.Instructor,

	// Users.
	"list-users":                           allocator.Admin,
	"add-user":                             allocator.Admin,
	"change-user":                          allocator.Admin,
	"remove-user":                          allocator.Admin,
	"list-tokens-of-user":                  allocator.Admin,
	"revoke-token-of-user":                 allocator.Admin,
	"GET /admin/users":                     allocator.Admin,
	"POST /admin/users":                    allocator.Admin,
	"POST /admin/users/{name}/role":        allocator.Admin,
	"POST /admin/users/{name}/password":    allocator.Admin,
	"POST /admin/users/{name}/remove":      allocator.Admin,
	"GET /admin/users/{name}":              allocator.Admin,
	"GET /admin/users/{name}/remove":       allocator.Admin,
	"POST /admin/users/{name}/revoke/{id}": allocator.Admin,

	// How the allocator is, and what it goes by.
	"GET /admin/health":      allocator.Admin,
	"GET /admin/health/live": allocator.Admin,
	"GET /admin/settings":    allocator.Admin,
}

// open are the pages below /admin that need no role: they give one.
var open = []string{"GET /admin/login", "POST /admin/login"}

// may reports whether a role may use an operation or a page.
func may(role allocator.Role, what string) bool { return role.Includes(needs[what]) }

// routes are a mux that knows what it serves.
type routes struct {
	*http.ServeMux
	staff []string // the operations and pages of staff
}

// HandleFunc adds a handler.
func (r *routes) HandleFunc(pattern string, handler func(http.ResponseWriter, *http.Request)) {
	if _, path, _ := strings.Cut(pattern, " "); strings.HasPrefix(path, "/admin") && !slices.Contains(open, pattern) {
		r.staff = append(r.staff, pattern)
	}
	r.ServeMux.HandleFunc(pattern, handler)
}

// check compares what staff is served with the table of what it needs.
func (r *routes) check() error {
	left := maps.Clone(needs)
	for _, what := range r.staff {
		if _, stated := left[what]; !stated {
			return fmt.Errorf("%s states no role: add it to the table in allocator/web/roles.go", what)
		}
		delete(left, what)
	}
	for what := range left {
		return fmt.Errorf("%s states a role and is not served: take it out of the table in allocator/web/roles.go", what)
	}
	return nil
}
