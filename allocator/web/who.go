package web

import (
	"context"
	"net/http"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/api"
)

// Where a session keeps who logged in, and the key that the user had then.
const (
	userKey = "user"
	keyKey  = "key"
)

type whoKey struct{}

// asked is who asks, or why nobody is known to.
type asked struct {
	access.Person
	err error
}

// who is who asks. Unauthorized when nobody is logged in.
func who(ctx context.Context) (access.Person, error) {
	a, _ := ctx.Value(whoKey{}).(asked)
	return a.Person, a.err
}

// roleOf is the role of who asks.
func roleOf(r *http.Request) allocator.Role {
	a, _ := r.Context().Value(whoKey{}).(asked)
	return a.Role
}

// allowed is who asks, if they may do something.
func allowed(ctx context.Context, what string) (access.Person, error) {
	p, err := who(ctx)
	if err == nil && p.Name == "" {
		err = api.Problemf(api.Unauthorized, "Log in first", "POST /api/v1/sessions, or the page /admin/login; or send a token as Authorization: Bearer.")
	}
	if err != nil {
		return p, err
	}
	role, stated := needs[what]
	if !stated {
		return p, api.Problemf(api.Forbidden, "Nobody may do that", "It is not said which role %s needs.", what)
	}
	return p, p.Need(role)
}

// recognize finds who asks, by a token or by the session that is loaded.
func (s *server) recognize(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var a asked
		if secret := bearer(r.Header.Get("Authorization")); forPrograms(r) {
			a.Person, a.err = s.Guard.Bearer(r.Context(), secret)
		} else {
			a.Person, a.err = s.inSession(r.Context())
		}
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), whoKey{}, a)))
	})
}

// inSession is whose session it is; nobody's where there is none.
func (s *server) inSession(ctx context.Context) (access.Person, error) {
	name := s.sessions.GetString(ctx, userKey)
	if name == "" {
		return access.Person{}, nil
	}
	return s.Guard.Session(ctx, name, s.sessions.GetString(ctx, keyKey))
}

// forPrograms reports whether a request shows a user's token.
func forPrograms(r *http.Request) bool {
	return (strings.HasPrefix(r.URL.Path, "/api/v1/") || r.URL.Path == metricsPath) && access.IsToken(bearer(r.Header.Get("Authorization")))
}

// apart sends a request that shows a token past the check of where it comes from.
// Such a request has no cookies, so that a page of another site gains nothing.
func apart(checked, unchecked http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !forPrograms(r) {
			checked.ServeHTTP(w, r)
			return
		}
		r.Header.Del("Cookie")
		unchecked.ServeHTTP(w, r)
	})
}

// begin begins a session.
func (s *server) begin(ctx context.Context, u allocator.User) error {
	if err := s.sessions.RenewToken(ctx); err != nil {
		return err
	}
	s.sessions.Put(ctx, userKey, u.Name)
	s.sessions.Put(ctx, keyKey, u.Key)
	return nil
}

// logIn checks a password and begins a session, in a browser that holds no seat. What shows
// the seat is given.
func (s *server) logIn(ctx context.Context, in api.Session, address, seat string) error {
	right, err := s.limits.logIn(address)
	if err != nil {
		return err
	}
	if err := s.apart(ctx, seat); err != nil {
		return err
	}
	u, err := s.Guard.Check(ctx, in.User, in.Password, address)
	if code := api.CodeOf(err); code == api.Unauthorized || code == api.RateLimited {
		s.Log.WarnContext(ctx, "a log-in was refused", "user", in.User[:min(len(in.User), access.MaxName)], "address", address, "code", code)
	}
	if err != nil {
		return err
	}
	right()
	if err := s.begin(ctx, u); err != nil {
		return err
	}
	return s.note(ctx, u.Name, "log in", address)
}

// logOut ends a session.
func (s *server) logOut(ctx context.Context, p access.Person) error {
	if err := s.sessions.Destroy(ctx); err != nil {
		return err
	}
	return s.note(ctx, p.Actor(), "log out", "")
}

// note adds a line to the audit of what a user did for themselves.
func (s *server) note(ctx context.Context, actor, action, detail string) error {
	return s.Service.Store.Record(ctx, allocator.Event{At: s.Service.Now(), Actor: actor, Action: action, Subject: actor, Detail: detail})
}

// stillIn looks whether the session that a request began with is still there, and may
// still look at the page. Unauthorized or Forbidden when not; any other error says that
// nobody knows now.
func (s *server) stillIn(r *http.Request) error {
	c, err := r.Cookie(s.sessions.Cookie.Name)
	if err != nil {
		return api.Problemf(api.Unauthorized, "Log in first", "The page /admin/login does it.")
	}
	// Not the request's context: the session is loaded there already.
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if ctx, err = s.sessions.Load(ctx, c.Value); err != nil {
		return err
	}
	p, err := s.inSession(ctx)
	if err != nil {
		return err
	}
	return p.Need(needs[r.Pattern])
}

// shutOut reports whether an error says that somebody may not look any more.
func shutOut(err error) bool {
	code := api.CodeOf(err)
	return code == api.Unauthorized || code == api.Forbidden
}
