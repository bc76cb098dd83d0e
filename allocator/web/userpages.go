package web

import (
	"net/http"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// usersView is the page of the users.
type usersView struct {
	Users   []userLine
	Roles   []allocator.Role
	Form    api.NewUser
	Problem *api.Problem // with the form
	Did     *deed        // what was just done; nil for nothing
}

func (s *server) routeUsers(mux *routes) {
	mux.HandleFunc("GET /admin/users", s.forStaff(func(w http.ResponseWriter, r *http.Request) {
		s.showUsers(w, r, usersView{Form: api.NewUser{Role: string(allocator.Viewer)}, Did: didOf(r, "added", "role", "password", "removed")})
	}))
	s.routeUser(mux)
	mux.HandleFunc("POST /admin/users", s.forStaff(s.addUserForm))
	mux.HandleFunc("POST /admin/users/{name}/role", s.forStaff(s.userForm("role", func(r *http.Request) error {
		return s.changeUser(r.Context(), r.PathValue("name"), api.UserChange{Role: r.PostFormValue("role")})
	})))
	mux.HandleFunc("POST /admin/users/{name}/password", s.forStaff(s.userForm("password", func(r *http.Request) error {
		return s.changeUser(r.Context(), r.PathValue("name"), api.UserChange{Password: r.PostFormValue("password")})
	})))
	mux.HandleFunc("POST /admin/users/{name}/remove", s.forStaff(s.userForm("removed", func(r *http.Request) error {
		by, err := who(r.Context())
		if err != nil {
			return err
		}
		return s.Guard.RemoveUser(r.Context(), by, r.PathValue("name"))
	})))
}

// showUsers shows the users, with what came of the form.
func (s *server) showUsers(w http.ResponseWriter, r *http.Request, v usersView) {
	all, err := s.Service.Store.Users(r.Context())
	for _, u := range all {
		line := toUserLine(u)
		if err == nil {
			var tokens []allocator.APIToken
			tokens, err = s.Service.Store.Tokens(r.Context(), u.Name)
			line.Tokens = len(tokens)
		}
		v.Users = append(v.Users, line)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Roles = allocator.Roles
	status := http.StatusOK
	if v.Problem != nil {
		status = v.Problem.HTTP
		setRetryAfter(w, v.Problem)
	}
	s.render(w, r, status, "users.html", v)
}

func (s *server) addUserForm(w http.ResponseWriter, r *http.Request) {
	in := api.NewUser{Name: r.PostFormValue("name"), Role: r.PostFormValue("role"), Password: r.PostFormValue("password")}
	by, err := who(r.Context())
	if err == nil {
		_, err = s.Guard.AddUser(r.Context(), by, in)
	}
	if err != nil {
		s.showUsers(w, r, usersView{Form: in, Problem: s.asProblem(r.Context(), err)})
		return
	}
	wasDone(w, r, "/admin/users", deed{"added", in.Name})
}

// userForm does something with a user and shows the users again.
func (s *server) userForm(what string, do func(r *http.Request) error) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if err := do(r); err != nil {
			s.fail(w, r, err)
			return
		}
		wasDone(w, r, "/admin/users", deed{what, r.PathValue("name")})
	}
}
