package web

import (
	"crypto/rand"
	"net/http"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// accountView is one's own page.
type accountView struct {
	Name     string
	Role     allocator.Role
	Roles    []allocator.Role // that a token may have
	Tokens   []api.Token
	Made     *api.MadeToken // the token that was just made
	Changed  bool           // whether the password was just changed
	Problem  *api.Problem   // with the token
	Password *api.Problem   // with the password
	Once     string         // what the form of a token is known by, should it be sent twice
}

func (s *server) routeAccount(mux *routes) {
	mux.HandleFunc("GET /admin/account", s.forStaff(func(w http.ResponseWriter, r *http.Request) {
		s.showAccount(w, r, accountView{Changed: r.URL.Query().Has("changed")})
	}))
	mux.HandleFunc("POST /admin/account/password", s.forStaff(s.passwordForm))
	mux.HandleFunc("POST /admin/account/tokens", s.forStaff(s.formOnce(s.tokenForm, "")))
	mux.HandleFunc("POST /admin/account/revoke/{id}", s.forStaff(s.revokeForm))
}

// showAccount shows one's own page, with what came of a form.
func (s *server) showAccount(w http.ResponseWriter, r *http.Request, v accountView) {
	p, err := who(r.Context())
	if err != nil {
		s.fail(w, r, err)
		return
	}
	tokens, err := s.tokens(r.Context(), p.Name)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Name, v.Role, v.Tokens, v.Once = p.Name, p.Role, tokens.Body.Items, rand.Text()
	for _, role := range allocator.Roles {
		if p.Role.Includes(role) {
			v.Roles = append([]allocator.Role{role}, v.Roles...) // one's own first
		}
	}
	status := http.StatusOK
	for _, refused := range []*api.Problem{v.Problem, v.Password} {
		if refused != nil {
			status = refused.HTTP
			setRetryAfter(w, refused)
		}
	}
	s.render(w, r, status, "account.html", v)
}

func (s *server) passwordForm(w http.ResponseWriter, r *http.Request) {
	in := api.PasswordChange{Old: r.PostFormValue("old"), New: r.PostFormValue("new")}
	if err := s.changeTyped(r, in); err != nil {
		s.showAccount(w, r, accountView{Password: s.asProblem(r.Context(), err)})
		return
	}
	http.Redirect(w, r, "/admin/account?changed", http.StatusSeeOther)
}

// changeTyped changes a password that was typed twice the same.
func (s *server) changeTyped(r *http.Request, in api.PasswordChange) error {
	if in.New != r.PostFormValue("again") {
		return api.Problemf(api.Invalid, "The two are not the same", "Type the new password twice.")
	}
	return s.changePassword(r.Context(), in, remote(r))
}

// tokenForm shows the token in its answer: no page can show it later.
func (s *server) tokenForm(w http.ResponseWriter, r *http.Request) {
	made, err := s.makeToken(r)
	if err != nil {
		s.showAccount(w, r, accountView{Problem: s.asProblem(r.Context(), err)})
		return
	}
	s.showAccount(w, r, accountView{Made: made})
}

func (s *server) makeToken(r *http.Request) (*api.MadeToken, error) {
	p, err := who(r.Context())
	if err != nil {
		return nil, err
	}
	in := api.NewToken{Name: r.PostFormValue("name"), Role: r.PostFormValue("role")}
	if in.ExpiresAt, err = typedDay(r, "until"); err != nil {
		return nil, err
	}
	t, secret, err := s.Guard.NewToken(r.Context(), p, in)
	return &api.MadeToken{Token: toToken(t), Secret: secret}, err
}

// typedDay is the end of a day that was typed, in the zone of the form; nil where none was.
func typedDay(r *http.Request, name string) (*time.Time, error) {
	typed := r.PostFormValue(name)
	if typed == "" {
		return nil, nil
	}
	zone, err := zoneOf(r.PostFormValue("zone"))
	if err != nil {
		return nil, err
	}
	day, err := dayIn(zone, typed)
	if err != nil {
		return nil, err
	}
	return new(day.AddDate(0, 0, 1).UTC()), nil
}

// dayIn is the begin of a day that was typed.
func dayIn(zone *time.Location, typed string) (time.Time, error) {
	day, err := time.ParseInLocation(time.DateOnly, typed, zone)
	if err != nil {
		return day, api.Problemf(api.Invalid, "That is no day", "%q: write it as 2026-03-01.", typed)
	}
	return day, nil
}

func (s *server) revokeForm(w http.ResponseWriter, r *http.Request) {
	p, err := who(r.Context())
	if err == nil {
		err = s.Guard.RevokeToken(r.Context(), p, p.Name, r.PathValue("id"))
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/account", http.StatusSeeOther)
}
