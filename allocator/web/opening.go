package web

import (
	"crypto/rand"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/roster"
)

// typed is what somebody has typed into a form: one that was refused keeps it.
type typed url.Values

// Of is what was typed into a field.
func (t typed) Of(field string) string { return url.Values(t).Get(field) }

// paste puts all addresses that were read into the field for them. What was in a file becomes
// text, as a browser does not choose the file again.
func (t typed) paste(field string, read []string) {
	if pasted := roster.Pasted(t.Of(field)); len(pasted.Unread) == 0 && len(read) > len(pasted.Addresses) {
		t[field] = []string{strings.Join(read, "\n")}
	}
}

// length is how long a workshop may last, as a form asks for it.
type length struct {
	Hours   int
	Minutes string
}

// Lengths are those that there are to choose from.
func (adminView) Lengths() (out []length) {
	for _, hours := range []int{1, 2, 3, 4, 6, 8} {
		out = append(out, length{hours, strconv.Itoa(60 * hours)})
	}
	return out
}

// Rules are those by which a workshop may be held again; none is the first.
func (adminView) Rules() []string {
	return []string{"", "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2", "FREQ=MONTHLY"}
}

// defaultSeats is for how many people the form asks, where the pool has as many machines.
const defaultSeats = 10

// defaults is a form that nobody has touched: a workshop that begins now, and does not go
// on by mistake.
func (v adminView) defaults() typed {
	seats := defaultSeats
	if len(v.Pools) > 0 {
		seats = min(seats, v.Pools[0].MaxMachines)
	}
	return typed{"seats": {strconv.Itoa(seats)}, "lasts": {"240"}, "spares": {"0"}, "session_minutes": {"0"}}
}

func (s *server) openForm(w http.ResponseWriter, r *http.Request) {
	form, err := newWorkshop(r, s.Service.Now())
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
	if p, ok := s.shown(w, r, err); ok {
		s.formAgain(w, r, p.HTTP, form, func(v *adminView) { v.Problem = p })
	}
}

// formAgain shows the form with what was typed.
func (s *server) formAgain(w http.ResponseWriter, r *http.Request, status int, form api.NewWorkshop, change func(*adminView)) {
	v, err := s.adminData(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Typed, v.Once = typed(r.PostForm), rand.Text()
	v.Typed.paste("roster", form.Roster)
	change(&v)
	s.render(w, r, status, "admin.html", v)
}

// newWorkshop reads the form. Its times are in the zone that it names.
func newWorkshop(r *http.Request, now time.Time) (api.NewWorkshop, error) {
	number := func(name string) int {
		n, _ := strconv.Atoi(r.PostFormValue(name)) // where 0 is wrong it is refused with words
		return n
	}
	form := api.NewWorkshop{
		Name: r.PostFormValue("name"), Pool: r.PostFormValue("pool"), Seats: number("seats"), Spares: number("spares"),
		SessionMinutes: number("session_minutes"), BudgetUSD: money(r.PostFormValue("budget_usd")), Previews: r.PostFormValue("previews") != "",
	}
	if r.PostFormValue("idle_minutes") != "" {
		idle := number("idle_minutes")
		form.IdleMinutes = &idle
	}
	var err error
	if form.Roster, err = rosterOf(r, "roster", "roster_file"); err != nil {
		return form, err
	}
	if form.StartsAt, err = typedTime(r, "starts_at"); err != nil {
		return form, err
	}
	form.EndsAt, err = typedEnd(r, form.StartsAt, now)
	return form, err
}

// typedEnd is when a workshop ends: at the time that was typed, or after as long as was
// chosen; nil where somebody ends it.
func typedEnd(r *http.Request, begins *time.Time, now time.Time) (*time.Time, error) {
	end, err := typedTime(r, "ends_at")
	minutes, _ := strconv.Atoi(r.PostFormValue("lasts"))
	if err != nil || end != nil || minutes <= 0 {
		return end, err
	}
	from := now
	if begins != nil {
		from = *begins
	}
	return new(from.Add(time.Duration(minutes) * time.Minute)), nil
}

// typedTime reads a time of a form, in the zone that it names; nil where it is empty.
func typedTime(r *http.Request, name string) (*time.Time, error) {
	typed := r.PostFormValue(name)
	if typed == "" {
		return nil, nil
	}
	zone, err := zoneOf(r.PostFormValue("zone"))
	if err != nil {
		return nil, err
	}
	t, err := time.ParseInLocation("2006-01-02T15:04", typed, zone)
	if err != nil {
		return nil, api.Problemf(api.Invalid, "That is no time", "%q: write it as 2026-03-01T14:30.", typed)
	}
	return &t, nil
}

// zoneOf is the time zone of a browser, by its name.
func zoneOf(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, api.Problemf(api.Invalid, "There is no such time zone", "%q: set this computer to a zone as Europe/Berlin, and load the page again.", name)
	}
	return zone, nil
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

// Instructs reports whether who looks may open workshops.
func (v adminView) Instructs() bool { return may(v.Role, "POST /admin/workshops") }
