package web

import (
	"context"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"time"

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
		if api.CodeOf(err) != api.Unauthorized {
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
	Schedules []api.Schedule
	Form      api.NewWorkshop
	Typed     typedTimes
	Problem   *api.Problem
	Troubles  []api.Check // what is wrong with the allocator
	Budget    api.Budget
	Role      allocator.Role // of who looks
}

// typedTimes is when a workshop is to be, as it was typed: a form that was refused
// keeps it, or the workshop would begin at once and never end.
type typedTimes struct{ StartsAt, EndsAt, Rule string }

// workshopLine is a workshop with what has become of its machines.
type workshopLine struct {
	api.Workshop
	Ready, Assigned, Waiting, Starting, Unhealthy int
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
		v.Schedules = append(v.Schedules, s.schedule(sc))
	}
	lines := map[string]*workshopLine{}
	for _, w := range workshops {
		lines[w.ID] = &workshopLine{Workshop: s.workshop(r, w)}
	}
	people, err := s.Service.Store.LiveSeats(r.Context())
	if err != nil {
		return v, err
	}
	for _, m := range machines {
		if line := lines[m.WorkshopID]; line != nil {
			line.count(m.State)
		}
	}
	for _, w := range workshops {
		line := lines[w.ID]
		line.Waiting = people[w.ID] - line.Assigned
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

func (l *workshopLine) count(state allocator.MachineState) {
	switch state {
	case allocator.Requested, allocator.Launching, allocator.Booting, allocator.Rebooting, allocator.Draining:
		l.Starting++
	case allocator.Ready:
		l.Ready++
	case allocator.Assigned:
		l.Assigned++
	case allocator.Unhealthy:
		l.Unhealthy++
	case allocator.Terminating, allocator.Terminated: // not there any more
	}
}

func (s *server) adminPage(w http.ResponseWriter, r *http.Request) {
	v, err := s.adminData(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Form = api.NewWorkshop{Seats: 3}
	s.render(w, r, http.StatusOK, "admin.html", v)
}

func (s *server) adminLive(w http.ResponseWriter, r *http.Request) {
	s.live(w, r, "admin.html", "workshops", func() (any, error) { return s.adminData(r) })
}

func (s *server) openForm(w http.ResponseWriter, r *http.Request) {
	form, err := newWorkshop(r)
	to := "/admin"
	switch {
	case err != nil:
	case r.PostFormValue("rule") != "":
		err = s.repeat(r, form)
	default:
		var opened allocator.Workshop
		opened, err = s.Service.OpenWorkshop(r.Context(), s.sessionUser(r), form)
		to += "/workshops/" + opened.ID
	}
	if err == nil {
		http.Redirect(w, r, to, http.StatusSeeOther)
		return
	}
	p := s.asProblem(r.Context(), err)
	v, err := s.adminData(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Form, v.Problem = form, p
	v.Typed = typedTimes{r.PostFormValue("starts_at"), r.PostFormValue("ends_at"), r.PostFormValue("rule")}
	s.render(w, r, p.HTTP, "admin.html", v)
}

// newWorkshop reads the form. Its times are in the zone that it names.
func newWorkshop(r *http.Request) (api.NewWorkshop, error) {
	number := func(name string) int {
		n, _ := strconv.Atoi(r.PostFormValue(name)) // where 0 is wrong it is refused with words
		return n
	}
	form := api.NewWorkshop{
		Name: r.PostFormValue("name"), Pool: r.PostFormValue("pool"), Seats: number("seats"), Spares: number("spares"),
		SessionMinutes: number("session_minutes"), BudgetUSD: money(r.PostFormValue("budget_usd")), Roster: lines(r.PostFormValue("roster")),
	}
	if r.PostFormValue("idle_minutes") != "" {
		idle := number("idle_minutes")
		form.IdleMinutes = &idle
	}
	var err error
	if form.StartsAt, err = typedTime(r, "starts_at"); err != nil {
		return form, err
	}
	form.EndsAt, err = typedTime(r, "ends_at")
	return form, err
}

// typedTime reads a time of a form, in the zone that it names; nil where it is empty.
func typedTime(r *http.Request, name string) (*time.Time, error) {
	typed := r.PostFormValue(name)
	if typed == "" {
		return nil, nil
	}
	zone, err := time.LoadLocation(r.PostFormValue("zone"))
	if err != nil {
		return nil, api.Problemf(api.Invalid, "There is no such time zone", "%q: set this computer to a zone as Europe/Berlin, and load the page again.", r.PostFormValue("zone"))
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", typed, zone)
	if err != nil {
		return nil, api.Problemf(api.Invalid, "That is no time", "%q: write it as 2026-03-01T14:30.", typed)
	}
	return &t, nil
}

// money is a sum as it was typed. What is none is refused with words.
func money(typed string) float64 {
	if strings.TrimSpace(typed) == "" {
		return 0
	}
	usd, err := strconv.ParseFloat(strings.TrimSpace(typed), 64)
	if err != nil {
		return -1
	}
	return usd
}

// workshopView is one workshop's page.
type workshopView struct {
	Workshop   api.Workshop
	Machines   []api.Machine
	Queue      []api.Seat // those who wait
	Taken      int        // seats that have a machine
	Cost       api.Cost
	Operations []api.Operation
	Role       allocator.Role // of who looks
	JoinTokens []api.JoinToken
	Stats      api.Stats
}

// Owner is the name of a join token: whose machine it is that joined with it.
func (v workshopView) Owner(token string) string {
	for _, t := range v.JoinTokens {
		if t.ID == token {
			return t.Name
		}
	}
	return token
}

func (s *server) workshopData(ctx context.Context, r *http.Request) (workshopView, error) {
	v := workshopView{Role: roleOf(r)}
	workshop, err := s.Service.Store.Workshop(ctx, r.PathValue("id"))
	if err != nil {
		return v, err
	}
	v.Workshop = s.workshop(r, workshop)
	machines, err := s.Service.Store.Machines(ctx, workshop.ID, true)
	if err != nil {
		return v, err
	}
	for _, m := range machines {
		if m.State != allocator.Terminated || workshop.State == allocator.Ended {
			v.Machines = append(v.Machines, s.machine(m))
		}
	}
	v.Cost = s.cost(workshop, machines)
	seats, err := s.Service.Store.Seats(ctx, workshop.ID)
	if err != nil {
		return v, err
	}
	for _, seat := range seats {
		if seat.State == allocator.SeatQueued {
			v.Queue = append(v.Queue, s.seat(ctx, seat, ""))
		} else {
			v.Taken++
		}
	}
	if v.Stats, err = s.Service.Stats(ctx, workshop.ID); err != nil {
		return v, err
	}
	if v.JoinTokens, err = s.joinTokens(ctx, workshop.ID); err != nil {
		return v, err
	}
	operations, err := s.Service.Store.Operations(ctx, workshop.ID, listed)
	if err != nil {
		return v, err
	}
	for _, o := range operations {
		v.Operations = append(v.Operations, toOperation(o))
	}
	return v, nil
}

func (s *server) workshopPage(w http.ResponseWriter, r *http.Request) {
	v, err := s.workshopData(r.Context(), r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	s.render(w, r, http.StatusOK, "workshop.html", v)
}

func (s *server) workshopLive(w http.ResponseWriter, r *http.Request) {
	s.live(w, r, "workshop.html", "room", func() (any, error) { return s.workshopData(r.Context(), r) })
}

func (s *server) endForm(w http.ResponseWriter, r *http.Request) {
	if _, err := s.Service.EndWorkshop(r.Context(), s.sessionUser(r), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/workshops/"+r.PathValue("id"), http.StatusSeeOther)
}

func (s *server) releaseForm(w http.ResponseWriter, r *http.Request) {
	if err := s.Service.ReleaseSeat(r.Context(), s.sessionUser(r), r.PathValue("id")); err != nil {
		s.fail(w, r, err)
		return
	}
	http.Redirect(w, r, "/admin/workshops/"+r.PostFormValue("workshop"), http.StatusSeeOther)
}

func (s *server) terminateForm(w http.ResponseWriter, r *http.Request) {
	op, err := s.Service.TerminateMachine(r.Context(), s.sessionUser(r), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	goBack(w, r, "/admin/workshops/"+op.WorkshopID)
}

func (s *server) cancelForm(w http.ResponseWriter, r *http.Request) {
	op, err := s.Service.CancelOperation(r.Context(), s.sessionUser(r), r.PathValue("id"))
	if err != nil {
		s.fail(w, r, err)
		return
	}
	goBack(w, r, "/admin/workshops/"+op.WorkshopID)
}
