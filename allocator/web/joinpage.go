package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// joinMachinesView is the page by which machines of one's own join a workshop.
type joinMachinesView struct {
	Workshop api.Workshop
	Tokens   []api.JoinToken
	Machines []joinedMachine
	Made     *api.MadeJoinToken // the token that was just made
	Problem  *api.Problem
	Typed    typedToken
	Role     allocator.Role
	Once     string // what the form is known by, should it be sent twice
}

// typedToken is what was typed into a form that was refused.
type typedToken struct{ Name, Uses string }

// joinedMachine is a machine of somebody's own, and whose.
type joinedMachine struct {
	api.Machine
	Owner string
}

func (s *server) routeJoinPage(mux *routes) {
	s.livePage(mux, "/admin/workshops/{id}/join-machines", "joinmachines.html", "joined", func(r *http.Request) (any, error) { return s.joinMachinesData(r.Context(), r) })
	mux.HandleFunc("POST /admin/workshops/{id}/join-tokens", s.forStaff(s.formOnce(s.joinTokenForm, "")))
	mux.HandleFunc("POST /admin/join-tokens/{id}/revoke", s.forStaff(s.revokeJoinTokenForm))
}

func (s *server) joinMachinesData(ctx context.Context, r *http.Request) (joinMachinesView, error) {
	v := joinMachinesView{Role: roleOf(r), Typed: typedToken{Uses: "1"}, Once: rand.Text()}
	workshop, err := s.Service.Store.Workshop(ctx, r.PathValue("id"))
	if err != nil {
		return v, err
	}
	v.Workshop = s.workshop(r, workshop)
	if v.Tokens, err = s.joinTokens(ctx, workshop.ID); err != nil {
		return v, err
	}
	machines, err := s.Service.Store.Machines(ctx, workshop.ID, true)
	for _, m := range machines {
		if m.Own() {
			v.Machines = append(v.Machines, joinedMachine{s.machine(m), ownerBy(v.Tokens, m.JoinToken)})
		}
	}
	return v, err
}

// joinTokenForm shows the token in its answer: no page can show it later.
func (s *server) joinTokenForm(w http.ResponseWriter, r *http.Request) {
	typed := typedToken{r.PostFormValue("name"), r.PostFormValue("uses")}
	uses, _ := strconv.Atoi(typed.Uses) // where that is nothing, it is one
	t, secret, refused := s.Service.AddJoinToken(r.Context(), s.sessionUser(r), api.NewJoinToken{Name: typed.Name, Workshop: r.PathValue("id"), Uses: uses})
	v, err := s.joinMachinesData(r.Context(), r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	status := http.StatusOK
	if refused != nil {
		v.Problem, v.Typed = s.asProblem(r.Context(), refused), typed
		status = v.Problem.HTTP
		setRetryAfter(w, v.Problem)
	} else {
		made := s.madeJoinToken(r, t, secret)
		v.Made = &made
	}
	s.render(w, r, status, "joinmachines.html", v)
}

func (s *server) revokeJoinTokenForm(w http.ResponseWriter, r *http.Request) {
	if err := s.Service.RevokeJoinToken(r.Context(), s.sessionUser(r), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, safeNext("/admin/workshops/"+r.PostFormValue("workshop")+"/join-machines"), http.StatusSeeOther)
}
