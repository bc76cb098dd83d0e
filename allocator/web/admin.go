package web

import (
	"context"
	"crypto/rand"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// listed is of how many of the newest workshops those that have ended are shown, and
// how many operations.
const listed = 50

// forStaff lets only those in who are logged in and whose role allows the page (see
// needs). Others log in first and come back to the page they wanted.
func (s *server) forStaff(next http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, err := allowed(r.Context(), r.Pattern)
		if err == nil {
			next(w, r)
			return
		}
		if r.Header.Get("Accept") == "text/event-stream" && shutOut(err) {
			_ = newStream(w).send("gone", "") // who is not there to hear it needs it no more
			return
		}
		if api.CodeOf(err) != api.Unauthorized || r.Header.Get("HX-Request") != "" { // a part of a page is no place to log in
			s.fail(w, r, err)
			return
		}
		to := "/admin/login"
		if r.Method == http.MethodGet {
			to += "?next=" + url.QueryEscape(r.URL.RequestURI())
		} else if from := referred(r); from != "" {
			to += "?next=" + url.QueryEscape(from)
		}
		http.Redirect(w, r, to, http.StatusSeeOther)
	}
}

func (s *server) loginForm(w http.ResponseWriter, r *http.Request) {
	in := api.Session{User: r.PostFormValue("user"), Password: r.PostFormValue("password")}
	if err := s.logIn(r.Context(), in, remote(r), s.seatToken(r)); err != nil {
		p := s.asProblem(r.Context(), err)
		setRetryAfter(w, p)
		v := s.loginView(r.URL.Query().Get("next"), p)
		v.User = in.User
		s.render(w, r, p.HTTP, "login.html", v)
		return
	}
	http.Redirect(w, r, safeNext(r.URL.Query().Get("next")), http.StatusSeeOther) //nolint:gosec // safeNext stays below /admin
}

// safeNext is where to go after a log-in: a page of the administrator's, never
// another site.
func safeNext(next string) string {
	u, err := url.Parse(next)
	if err != nil || u.Host != "" || u.Scheme != "" || strings.Contains(u.Path, `\`) {
		return "/admin"
	}
	if to := path.Clean(u.Path); strings.HasPrefix(to, "/admin/") {
		return (&url.URL{Path: to, RawQuery: u.Query().Encode()}).String()
	}
	return "/admin"
}

// referred is the page of staff that a form was sent from, or "".
func referred(r *http.Request) string {
	from, err := url.Parse(r.Referer())
	if err != nil || from.Host != r.Host {
		return ""
	}
	if !strings.HasPrefix(from.Path, "/admin/") || from.Path == "/admin/login" {
		return ""
	}
	return safeNext(from.RequestURI())
}

func (s *server) logoutForm(w http.ResponseWriter, r *http.Request) {
	p, err := who(r.Context())
	if err == nil {
		err = s.logOut(r.Context(), p)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/login", http.StatusSeeOther)
}

// adminView is the administrator's first page.
type adminView struct {
	Pools     []api.Pool
	Workshops []workshopLine
	Schedules []scheduleLine
	Typed     typed
	Problem   *api.Problem
	Estimate  *estimateView // where it was asked for
	Troubles  []api.Check   // what is wrong with the allocator
	Budget    api.Budget
	Role      allocator.Role // of who looks
	Once      string         // what the form is known by, should it be sent twice
}

// workshopLine is a workshop with what has become of its machines.
type workshopLine struct {
	api.Workshop
	tally
	later   bool // whether it begins later
	Waiting int
}

// Stage is whether it is coming, running or ended.
func (l workshopLine) Stage() string {
	switch {
	case l.State == string(allocator.Ended):
		return "ended"
	case l.later:
		return "coming"
	}
	return "running"
}

func (s *server) adminData(r *http.Request) (adminView, error) {
	v := adminView{Role: roleOf(r)}
	pools, err := s.poolList(r.Context())
	if err != nil {
		return v, err
	}
	workshops, err := s.workshopList(r.Context())
	if err != nil {
		return v, err
	}
	machines, err := s.Service.Store.Machines(r.Context(), "", false)
	if err != nil {
		return v, err
	}
	v.Pools, v.Troubles = pools, s.troubles(r.Context())
	if v.Budget, err = s.budget(r.Context()); err != nil {
		return v, err
	}
	schedules, err := s.Service.Store.Schedules(r.Context())
	if err != nil {
		return v, err
	}
	for _, sc := range schedules {
		v.Schedules = append(v.Schedules, s.scheduleLine(sc, nextShown))
	}
	lines := map[string]*workshopLine{}
	for _, w := range workshops {
		lines[w.ID] = &workshopLine{Workshop: s.workshop(r, w), later: w.StartsAt.After(s.Service.Now())}
	}
	people, err := s.Service.Store.LiveSeats(r.Context())
	if err != nil {
		return v, err
	}
	for _, m := range machines {
		if line := lines[m.WorkshopID]; line != nil {
			line.add(m.State)
		}
	}
	for _, w := range workshops {
		line := lines[w.ID]
		line.Waiting = people[w.ID] - line.InUse
		v.Workshops = append(v.Workshops, *line)
	}
	return v, nil
}

// workshopList are all that are open, first the one that begins first, and then the
// newest that have ended: schedules open many that begin later.
func (s *server) workshopList(ctx context.Context) ([]allocator.Workshop, error) {
	out, err := s.Service.Store.OpenWorkshops(ctx)
	if err != nil {
		return nil, err
	}
	newest, err := s.Service.Store.Workshops(ctx, "", listed)
	for _, w := range newest {
		if w.State == allocator.Ended {
			out = append(out, w)
		}
	}
	return out, err
}

func (s *server) adminPage(w http.ResponseWriter, r *http.Request) {
	v, err := s.adminData(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Typed, v.Once = v.defaults(), rand.Text()
	s.render(w, r, http.StatusOK, "admin.html", v)
}

func (s *server) adminLive(w http.ResponseWriter, r *http.Request) {
	s.live(w, r, "admin.html", "workshops", func(*look) (any, error) { return s.adminData(r) })
}

func (s *server) cancelForm(w http.ResponseWriter, r *http.Request) {
	op, err := s.Service.CancelOperation(r.Context(), s.sessionUser(r), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	goBack(w, r, "/admin/workshops/"+op.WorkshopID)
}
