package web

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"github.com/talmolab/lablink-infrastructure/api"
)

// maxBody bounds what the allocator asks with, in bytes.
const maxBody = 1 << 16

// Sessions starts and ends what a participant works in. An *agent.Sessions is one.
type Sessions interface {
	Start(ctx context.Context, id string, number int64) error
	End(ctx context.Context, id string, number int64) error
	Status() *api.SessionStatus
}

// WithSessions answers POST and DELETE /session and GET /activity.
func WithSessions(s Sessions) Part {
	return func(mux *http.ServeMux) {
		mux.HandleFunc("POST /session", func(w http.ResponseWriter, r *http.Request) {
			var in api.StartSession
			if !read(w, r, &in) {
				return
			}
			if in.ID == "" {
				fail(w, api.Problemf(api.Invalid, "The session has no id", "Name it, so that the same one is not started twice."))
				return
			}
			answer(w, s.Status, s.Start(r.Context(), in.ID, in.Number))
		})
		mux.HandleFunc("DELETE /session", func(w http.ResponseWriter, r *http.Request) {
			asked := r.URL.Query()
			number, err := strconv.ParseInt(cmp.Or(asked.Get("number"), "0"), 10, 64) // an older allocator says none
			if err != nil {
				fail(w, api.Problemf(api.Invalid, "The order has no number that can be read", "%q is none.", asked.Get("number")))
				return
			}
			answer(w, s.Status, s.End(r.Context(), asked.Get("id"), number))
		})
		mux.HandleFunc("GET /activity", func(w http.ResponseWriter, _ *http.Request) { answer(w, s.Status, nil) })
	}
}

// read reads what the allocator asks with.
func read(w http.ResponseWriter, r *http.Request, into any) bool {
	err := json.NewDecoder(http.MaxBytesReader(w, r.Body, maxBody)).Decode(into)
	if err != nil {
		fail(w, api.Problemf(api.Invalid, "The agent does not understand what it is asked for", "%s.", err))
	}
	return err == nil
}

// answer answers with what look says, or with the error.
func answer[T any](w http.ResponseWriter, look func() T, err error) {
	if err != nil {
		fail(w, err)
		return
	}
	show(w, look())
}

func show(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	_ = json.NewEncoder(w).Encode(v) // fails only when the allocator is gone
}

// fail answers with a problem.
func fail(w http.ResponseWriter, err error) {
	p, ok := err.(*api.Problem) //nolint:errorlint // what is wrapped is told as a whole
	if !ok {
		p = api.Problemf(api.Internal, "The agent could not do that", "%s.", err)
	}
	p.Answer(w)
}
