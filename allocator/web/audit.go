package web

import (
	"context"
	"net/http"
	"net/url"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// eventQuery says which lines of the audit are asked for.
type eventQuery struct {
	Actor   string `query:"actor" maxLength:"254" doc:"Only what this user did, by any token too, or this e-mail address"`
	Subject string `query:"subject" maxLength:"254" doc:"Only what was done to this"`
	After   string `query:"after" maxLength:"20" doc:"The cursor from the page before"`
	Limit   int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

func (s *server) eventOperations(a huma.API) {
	staff(s, a, "list-events", http.MethodGet, "/api/v1/events", "Read the audit, newest first", 0,
		func(ctx context.Context, _ string, in *eventQuery) (*body[api.Page[api.Event]], error) {
			page, err := s.events(ctx, *in)
			return &body[api.Page[api.Event]]{page}, err
		})
}

// events is a page of the audit.
func (s *server) events(ctx context.Context, q eventQuery) (api.Page[api.Event], error) {
	page := api.Page[api.Event]{Items: []api.Event{}}
	var before int64
	if q.After != "" {
		n, err := strconv.ParseInt(q.After, 10, 64)
		if err != nil || n < 1 {
			return page, api.Problemf(api.Invalid, "That is no page of the audit", "Begin with the first page; each names the one after it.")
		}
		before = n
	}
	all, err := s.Service.Store.Events(ctx, allocator.EventQuery{Actor: q.Actor, Subject: q.Subject, Before: before, Limit: q.Limit})
	if err != nil {
		return page, err
	}
	for _, e := range all {
		page.Items = append(page.Items, api.Event{At: e.At, Actor: e.Actor, Action: e.Action, Subject: e.Subject, Detail: e.Detail})
	}
	if len(all) == q.Limit {
		page.Next = strconv.FormatInt(all[len(all)-1].Seq, 10)
	}
	return page, nil
}

// auditView is the page of the audit.
type auditView struct {
	Actor, Subject string
	Events         []api.Event
	Older          string // where older lines are, "" where there are none
	First          bool   // whether these are the newest
}

func (s *server) auditPage(w http.ResponseWriter, r *http.Request) {
	in := r.URL.Query()
	q := eventQuery{Actor: in.Get("actor"), Subject: in.Get("subject"), After: in.Get("after"), Limit: listed}
	page, err := s.events(r.Context(), q)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	v := auditView{Actor: q.Actor, Subject: q.Subject, Events: page.Items, First: q.After == ""}
	if page.Next != "" {
		v.Older = "/admin/audit?" + url.Values{"actor": {q.Actor}, "subject": {q.Subject}, "after": {page.Next}}.Encode()
	}
	s.render(w, r, http.StatusOK, "audit.html", v)
}
