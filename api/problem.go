package api

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// Code says what kind of refusal a problem is, for programs.
type Code string

// The codes, and the HTTP status each is answered with (see Status).
const (
	Invalid      Code = "invalid"
	Unauthorized Code = "unauthorized"
	Forbidden    Code = "forbidden"
	NotFound     Code = "not_found"
	Conflict     Code = "conflict"
	Capacity     Code = "capacity"
	Quota        Code = "quota"
	RateLimited  Code = "rate_limited"
	Unavailable  Code = "unavailable"
	Internal     Code = "internal"
)

var statuses = map[Code]int{
	Invalid:      http.StatusUnprocessableEntity,
	Unauthorized: http.StatusUnauthorized,
	Forbidden:    http.StatusForbidden,
	NotFound:     http.StatusNotFound,
	Conflict:     http.StatusConflict,
	Capacity:     http.StatusConflict,
	Quota:        http.StatusConflict,
	RateLimited:  http.StatusTooManyRequests,
	Unavailable:  http.StatusServiceUnavailable,
	Internal:     http.StatusInternalServerError,
}

// Status is the HTTP status for a code; an unknown code is an internal error.
func (c Code) Status() int {
	if s, ok := statuses[c]; ok {
		return s
	}
	return http.StatusInternalServerError
}

// CodeForStatus is the code that best says what an HTTP status says, for
// answers that came without one.
func CodeForStatus(status int) Code {
	switch {
	case status == http.StatusConflict:
		return Conflict
	case status == http.StatusBadRequest:
		return Invalid
	case status >= 400 && status < 500:
		for code, s := range statuses {
			if s == status {
				return code
			}
		}
		return Invalid
	case status == http.StatusBadGateway, status == http.StatusServiceUnavailable, status == http.StatusGatewayTimeout:
		return Unavailable
	}
	return Internal
}

// Problem is the body of every refusal (application/problem+json, RFC 9457).
type Problem struct {
	Type      string `json:"type,omitempty"`
	Title     string `json:"title" doc:"What happened, in a few words"`
	HTTP      int    `json:"status" doc:"The HTTP status"`
	Detail    string `json:"detail,omitempty" doc:"What happened and what to do next"`
	Code      Code   `json:"code" doc:"What kind of refusal this is, for programs"`
	RequestID string `json:"request_id,omitempty" doc:"Quote this when asking for help"`
	// RetryAfter is how long to wait before asking again; it travels as the
	// Retry-After header, in whole seconds.
	RetryAfter time.Duration `json:"-"`
}

// Error is the problem as one line: what happened and what to do.
func (p *Problem) Error() string {
	if p.Detail == "" {
		return p.Title
	}
	return fmt.Sprintf("%s: %s", p.Title, p.Detail)
}

// GetStatus is the HTTP status to answer with.
func (p *Problem) GetStatus() int { return p.HTTP }

// ContentType is the media type of a problem.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// Answer answers a request with the problem.
func (p *Problem) Answer(w http.ResponseWriter) {
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.HTTP)
	_ = json.NewEncoder(w).Encode(p) // fails only when who asked is gone
}

// Problemf makes a problem with the status that belongs to its code.
func Problemf(code Code, title, format string, args ...any) *Problem {
	return &Problem{Title: title, HTTP: code.Status(), Code: code, Detail: fmt.Sprintf(format, args...)}
}
