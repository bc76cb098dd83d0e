package web

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/signon"
	"github.com/talmolab/lablink-infrastructure/api"
)

// SignOn logs staff in at a provider.
type SignOn interface {
	Begin(ctx context.Context, redirect string) (to string, flow signon.Flow, err error)
	Finish(ctx context.Context, flow signon.Flow, redirect, state, code string) (signon.Person, error)
}

// flowLife is how long somebody may take at the provider.
const flowLife = 15 * time.Minute

const (
	startPath    = "/api/v1/oidc/start"
	callbackPath = "/api/v1/oidc/callback"
	// Where a session keeps what it was sent to the provider with.
	flowState, flowNonce, flowVerifier, flowNext = "oidc-state", "oidc-nonce", "oidc-verifier", "oidc-next"
)

// loginView is the page to log in on.
type loginView struct {
	Problem *api.Problem
	SignOn  string // where single sign-on begins, or ""
	User    string // who logs in, as it was typed
}

func (s *server) loginView(next string, p *api.Problem) loginView {
	v := loginView{Problem: p, User: "admin"}
	if s.SignOn != nil {
		v.SignOn = startPath
		if next != "" {
			v.SignOn += "?next=" + url.QueryEscape(safeNext(next))
		}
	}
	return v
}

func (s *server) routeSignOn(mux *routes) {
	if s.SignOn == nil {
		return
	}
	mux.HandleFunc("GET "+startPath, s.startSignOn)
	mux.HandleFunc("GET "+callbackPath, s.finishSignOn)
}

func (s *server) startSignOn(w http.ResponseWriter, r *http.Request) {
	var to string
	var flow signon.Flow
	err := s.limits.signOn(r)
	if err == nil {
		err = s.apart(r.Context(), s.seatToken(r))
	}
	if err == nil {
		to, flow, err = s.SignOn.Begin(r.Context(), s.base(r)+callbackPath)
	}
	if err != nil {
		s.failLogin(w, r, err)
		return
	}
	for key, value := range map[string]string{
		flowState: flow.State, flowNonce: flow.Nonce, flowVerifier: flow.Verifier, flowNext: safeNext(r.URL.Query().Get("next")),
	} {
		s.sessions.Put(r.Context(), key, value)
	}
	if s.sessions.GetString(r.Context(), userKey) == "" { // nobody's, and kept for who comes back soon
		s.sessions.SetDeadline(r.Context(), time.Now().Add(flowLife))
	}
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

// finishSignOn logs in who comes back from the provider. What the session was sent with
// counts once.
func (s *server) finishSignOn(w http.ResponseWriter, r *http.Request) {
	ctx, q := r.Context(), r.URL.Query()
	flow := signon.Flow{State: s.sessions.PopString(ctx, flowState), Nonce: s.sessions.PopString(ctx, flowNonce), Verifier: s.sessions.PopString(ctx, flowVerifier)}
	next := s.sessions.PopString(ctx, flowNext)
	who, err := s.SignOn.Finish(ctx, flow, s.base(r)+callbackPath, q.Get("state"), q.Get("code"))
	if err != nil {
		s.Log.WarnContext(ctx, "a log-in by single sign-on was refused", "address", remote(r), "error", err)
		if who.Subject != "" && api.CodeOf(err) == api.Forbidden {
			if kept := s.Guard.Refused(ctx, who.Subject); kept != nil {
				s.Log.ErrorContext(ctx, "somebody who is let in no longer keeps sessions and tokens", "subject", who.Subject, "error", kept)
			}
		}
		s.failLogin(w, r, err)
		return
	}
	u, err := s.Guard.SignOn(ctx, access.SignedOn(who))
	if err == nil {
		err = s.apart(ctx, s.seatToken(r)) // it may have been taken meanwhile
	}
	if err == nil {
		err = s.begin(ctx, u)
	}
	if err == nil {
		err = s.note(ctx, u.Name, "log in", remote(r)+", by single sign-on")
	}
	if err != nil {
		s.failLogin(w, r, err)
		return
	}
	http.Redirect(w, r, safeNext(next), http.StatusSeeOther)
}

func (s *server) failLogin(w http.ResponseWriter, r *http.Request, err error) {
	p := s.asProblem(r.Context(), err)
	setRetryAfter(w, p)
	s.render(w, r, p.HTTP, "login.html", s.loginView("", p))
}
