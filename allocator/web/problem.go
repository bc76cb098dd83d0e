package web

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

// describeErrors makes huma answer with api.Problem, also where it refuses a
// request itself.
var describeErrors = sync.OnceFunc(func() {
	huma.NewError = func(status int, message string, errs ...error) huma.StatusError {
		p := &api.Problem{HTTP: status, Title: http.StatusText(status), Code: api.CodeForStatus(status), Detail: message}
		var details []string
		for _, err := range errs {
			var detail *huma.ErrorDetail
			if errors.As(err, &detail) && detail.Location != "" {
				details = append(details, strings.TrimPrefix(detail.Location, "body.")+": "+detail.Message)
			} else if err != nil {
				details = append(details, err.Error())
			}
		}
		if status == http.StatusRequestEntityTooLarge {
			p.Title, p.Detail = "The request is too large", "A request holds 1 MiB at most."
		}
		if len(details) > 0 {
			p.Title, p.Detail = "The request is not right", strings.Join(details, "; ")+"."
		}
		return p
	}
	huma.NewErrorWithContext = func(ctx huma.Context, status int, message string, errs ...error) huma.StatusError {
		err := huma.NewError(status, message, errs...)
		var p *api.Problem
		if errors.As(err, &p) {
			p.RequestID = requestID(ctx.Context())
		}
		return err
	}
})

// asProblem is err as it may be shown: an error of the domain as it is, any
// other without its inside, which goes to the log.
func (s *server) asProblem(ctx context.Context, err error) *api.Problem {
	id := requestID(ctx)
	tellUnsure(ctx, err)
	var p *api.Problem
	if errors.As(err, &p) {
		shown := *p
		shown.RequestID = id
		return &shown
	}
	if errors.Is(err, context.Canceled) {
		p = api.Problemf(api.Unavailable, "The request was given up", "Ask again.")
	} else {
		s.Log.ErrorContext(ctx, "a request failed", "error", err, "request_id", id)
		p = api.Problemf(api.Internal, "Something went wrong here", "It was written down as %s; tell your administrator if it happens again.", id)
	}
	p.RequestID = id
	return p
}

// refuse is err for huma, with the headers that belong to it.
func (s *server) refuse(ctx context.Context, err error) error {
	p := s.asProblem(ctx, err)
	if p.RetryAfter > 0 {
		return huma.ErrorWithHeaders(p, http.Header{"Retry-After": {retryAfter(p)}})
	}
	return p
}

// fail answers a request outside huma: a page for people, a problem for programs.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := s.asProblem(r.Context(), err)
	setRetryAfter(w, p)
	if strings.HasPrefix(r.URL.Path, "/api/") || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		writeJSON(w, p.HTTP, p.ContentType(""), p)
		return
	}
	view := problemView{Problem: p, Onward: s.onward(r, p)}
	if r.Method == http.MethodGet && p.HTTP >= http.StatusInternalServerError {
		view.Again = r.URL.RequestURI()
	}
	if strings.HasPrefix(r.URL.Path, "/admin") && p.HTTP >= http.StatusInternalServerError {
		view.Troubles = s.troubles(r.Context())
	}
	s.render(w, r, p.HTTP, "problem.html", view)
}

// shown is why a form was refused, where its page can say so beside what was typed. What is
// wrong here has a page of its own, which is answered with then.
func (s *server) shown(w http.ResponseWriter, r *http.Request, err error) (p *api.Problem, ok bool) {
	p = s.asProblem(r.Context(), err)
	if p.HTTP >= http.StatusInternalServerError {
		s.fail(w, r, p)
		return nil, false
	}
	setRetryAfter(w, p)
	return p, true
}

// problemView is the page of what did not work.
type problemView struct {
	*api.Problem
	Troubles []api.Check // what is wrong with the allocator, where staff asked
	Again    string      // the page that may work when it is asked for again, or ""
	Onward   []way
}

// setRetryAfter says in a header when to ask again, where a problem says so.
func setRetryAfter(w http.ResponseWriter, p *api.Problem) {
	if p.RetryAfter > 0 {
		w.Header().Set("Retry-After", retryAfter(p))
	}
}

func retryAfter(p *api.Problem) string {
	return strconv.Itoa(int(p.RetryAfter.Seconds()) + 1)
}

func writeJSON(w http.ResponseWriter, status int, media string, v any) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}
