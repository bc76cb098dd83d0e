package web

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/api"
)

// estimateOperation tells what a workshop would cost.
func (s *server) estimateOperation(a huma.API) {
	staff(s, a, "estimate-workshop", http.MethodPost, "/api/v1/workshops/estimate", "What a workshop would cost, and what may not allow it; nothing is opened", 0,
		func(ctx context.Context, _ string, in *struct{ Body api.NewWorkshop }) (*body[api.Estimate], error) {
			e, err := s.Service.Estimate(ctx, in.Body)
			return &body[api.Estimate]{e}, err
		})
}

// estimateView is what a form would cost, or why that cannot be told.
type estimateView struct {
	api.Estimate
	Problem *api.Problem
	Most    int // machines that the pool holds
}

// Sources are where the prices were read.
func (v estimateView) Sources() string { return strings.Join(v.From, "; ") }

// HoursText is for how long the machines run.
func (v estimateView) HoursText() string { return strconv.FormatFloat(*v.Hours, 'f', 1, 64) }

// Short reports whether a limit does not allow it.
func (v estimateView) Short() bool {
	return slices.ContainsFunc(v.Limits, func(l api.Limit) bool { return l.State == api.Short })
}

// Allowed reports whether it can be opened all the same: people wait then.
func (v estimateView) Allowed() bool { return v.Short() && v.Machines <= v.Most }

// estimateForm tells what a form would cost: to htmx while it is filled, and to who
// presses the button with the whole page.
func (s *server) estimateForm(w http.ResponseWriter, r *http.Request) {
	var form api.NewWorkshop
	err := readForm(r)
	if err == nil {
		form, err = newWorkshop(r, s.Service.Now())
	}
	var v estimateView
	if err == nil {
		v.Estimate, err = s.Service.Estimate(r.Context(), form)
		pool, _ := s.Service.Pool(form.Pool)
		v.Most = pool.MaxMachines
	}
	part := r.Header.Get("HX-Request") != ""
	if err != nil && (part || api.CodeOf(err) == api.Invalid) { // htmx would leave what was told of another form
		v.Problem, err = s.asProblem(r.Context(), err), nil
	}
	switch {
	case err != nil:
		s.fail(w, r, err)
	case !part:
		s.formAgain(w, r, http.StatusOK, form, func(page *adminView) { page.Estimate = &v })
	default:
		s.renderPart(w, r, "admin.html", "estimate", &v)
	}
}

// renderPart answers with one part of a page.
func (s *server) renderPart(w http.ResponseWriter, r *http.Request, page, part string, data any) {
	html, err := s.fragment(r, page, part, data)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.Header().Set("Cache-Control", "no-store")
	_, _ = io.WriteString(w, html)
}
