package web

import (
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// userView is the page of one user: what they may do, and what their programs use.
type userView struct {
	User   userLine
	Self   bool // whether it is who looks
	Roles  []allocator.Role
	Tokens []api.Token
}

// userLine is a user with how they log in.
type userLine struct {
	api.User
	SignOn bool // whether they come by single sign-on
	Tokens int
}

func (s *server) routeUser(mux *routes) {
	mux.HandleFunc("GET /admin/users/{name}", s.forStaff(func(w http.ResponseWriter, r *http.Request) { s.userPage(w, r, "user.html") }))
	mux.HandleFunc("GET /admin/users/{name}/remove", s.forStaff(func(w http.ResponseWriter, r *http.Request) { s.userPage(w, r, "removeuser.html") }))
	mux.HandleFunc("POST /admin/users/{name}/revoke/{id}", s.forStaff(s.revokeOfUserForm))
}

func (s *server) userPage(w http.ResponseWriter, r *http.Request, page string) {
	u, err := s.Service.Store.User(r.Context(), r.PathValue("name"))
	v := userView{User: toUserLine(u), Roles: allocator.Roles}
	if err == nil {
		var tokens *body[api.Page[api.Token]]
		if tokens, err = s.tokens(r.Context(), u.Name); err == nil {
			v.Tokens = tokens.Body.Items
		}
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	by, _ := who(r.Context())
	v.Self, v.User.Tokens = by.Name == u.Name, len(v.Tokens)
	s.render(w, r, http.StatusOK, page, v)
}

func toUserLine(u allocator.User) userLine { return userLine{User: toUser(u), SignOn: u.Subject != ""} }

func (s *server) revokeOfUserForm(w http.ResponseWriter, r *http.Request) {
	by, err := who(r.Context())
	name := r.PathValue("name")
	if err == nil {
		err = s.Guard.RevokeToken(r.Context(), by, name, r.PathValue("id"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/users/"+url.PathEscape(name), http.StatusSeeOther)
}
