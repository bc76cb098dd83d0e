package web

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// eventQuery says which lines of the audit are asked for.
type eventQuery struct {
	Actor   string `query:"actor" maxLength:"254" doc:"Only what this user did, by any token too, or this e-mail address"`
	Action  string `query:"action" maxLength:"100" doc:"Only what begins with this, as open workshop"`
	Subject string `query:"subject" maxLength:"254" doc:"Only what was done to this"`
	// Since and Until bound when it was done.
	Since time.Time `query:"since" doc:"Only what was done then or later"`
	Until time.Time `query:"until" doc:"Only what was done before"`
	After string    `query:"after" maxLength:"20" doc:"The cursor from the page before"`
	Limit int       `query:"limit" minimum:"1" maximum:"200" default:"50"`
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
	all, err := s.Service.Store.Events(ctx, allocator.EventQuery{Actor: q.Actor, Action: q.Action, Subject: q.Subject, Since: q.Since, Until: q.Until, Before: before, Limit: q.Limit})
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
