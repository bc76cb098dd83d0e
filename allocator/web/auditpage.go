package web

import (
	"html/template"
	"net/http"
	"net/url"
	"time"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// mostAudited is how many lines of the audit a file holds.
const mostAudited = 10_000

// auditFilter is what the page of the audit is asked for, as it was typed.
type auditFilter struct{ Actor, Action, Subject, From, To, Zone string }

// Query is the filter as it stands in an address.
func (f auditFilter) Query() template.URL {
	q := given(map[string]string{"actor": f.Actor, "action": f.Action, "subject": f.Subject, "from": f.From, "to": f.To})
	if f.From != "" || f.To != "" {
		q.Set("zone", f.Zone)
	}
	return template.URL(q.Encode()) //nolint:gosec // encoded
}

// auditView is the page of the audit.
type auditView struct {
	Filter  auditFilter
	Actions []string // what there is to choose from
	Events  []api.Event
	Older   string // where older lines are, "" where there are none
	First   bool   // whether these are the newest
	Most    int
}

// auditActions are what is in the audit, for who looks for one of them.
var auditActions = []string{
	"add schedule", "add user", "cancel operation", "cannot open workshop", "change password", "change workshop", "claim seat", "collect work", "connect seat", "control seat",
	"end schedule", "end seat", "end sessions", "end stray instance", "end workshop", "extend seat", "interrupt machine", "join machine", "keep stray instance", "launch machines",
	"leave seat", "log in", "log out", "make join token", "make token", "message seat", "message workshop", "miss workshop", "move seat", "open workshop", "reboot machine",
	"register agent", "release seat", "remove user", "replace machine", "revoke join token", "revoke token", "set password", "set role",
	"spare unknown instance", "stay seated", "terminate machine", "use up budget", "watch seat",
}

func (s *server) routeAudit(mux *routes) {
	mux.HandleFunc("GET /admin/audit", s.forStaff(s.auditPage))
	mux.HandleFunc("GET /admin/audit/file", s.forStaff(s.auditFile))
}

// auditAsked reads what is asked for. Days are those of the zone that the form names.
func auditAsked(q url.Values) (auditFilter, allocator.EventQuery, error) {
	f := auditFilter{Actor: q.Get("actor"), Action: q.Get("action"), Subject: q.Get("subject"), From: q.Get("from"), To: q.Get("to"), Zone: q.Get("zone")}
	out := allocator.EventQuery{Actor: f.Actor, Action: f.Action, Subject: f.Subject}
	zone, err := zoneOf(f.Zone)
	if err != nil {
		return f, out, err
	}
	for _, day := range []struct {
		typed string
		into  *time.Time
		more  int
	}{{f.From, &out.Since, 0}, {f.To, &out.Until, 1}} {
		if day.typed == "" {
			continue
		}
		at, err := dayIn(zone, day.typed)
		if err != nil {
			return f, out, err
		}
		*day.into = at.AddDate(0, 0, day.more)
	}
	return f, out, nil
}

func (s *server) auditPage(w http.ResponseWriter, r *http.Request) {
	f, asked, err := auditAsked(r.URL.Query())
	q := eventQuery{
		Actor: asked.Actor, Action: asked.Action, Subject: asked.Subject, Since: asked.Since, Until: asked.Until, After: r.URL.Query().Get("after"), Limit: listed,
	}
	v := auditView{Filter: f, Actions: auditActions, First: q.After == "", Most: mostAudited}
	var page api.Page[api.Event]
	if err == nil {
		page, err = s.events(r.Context(), q)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v.Events = page.Items
	if page.Next != "" {
		v.Older = "/admin/audit?" + string(f.Query()) + "&after=" + url.QueryEscape(page.Next)
	}
	s.render(w, r, http.StatusOK, "audit.html", v)
}

// auditFile is what is asked for as a file, the newest lines of it.
func (s *server) auditFile(w http.ResponseWriter, r *http.Request) {
	_, asked, err := auditAsked(r.URL.Query())
	asked.Limit = mostAudited
	var all []allocator.Event
	if err == nil {
		all, err = s.Service.Store.Events(r.Context(), asked)
	}
	if err != nil {
		s.fail(w, r, err)
		return
	}
	lines := [][]string{{"at", "actor", "action", "subject", "detail"}}
	for _, e := range all {
		lines = append(lines, []string{e.At.UTC().Format(time.RFC3339), harmless(e.Actor), e.Action, harmless(e.Subject), harmless(e.Detail)})
	}
	s.sendCSV(w, r, "audit.csv", lines)
}
