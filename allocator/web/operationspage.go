package web

import (
	"context"
	"html/template"
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// listOperationsInput says which operations are asked for.
type listOperationsInput struct {
	Workshop string `query:"workshop" maxLength:"64" doc:"Only those of this workshop"`
	Only     string `query:"only" enum:"running,failed" doc:"Only those that go on, or of which something failed"`
	After    string `query:"after" maxLength:"128" doc:"The cursor from the page before"`
	Limit    int    `query:"limit" minimum:"1" maximum:"200" default:"50"`
}

// operations is a page of all operations.
func (s *server) operations(ctx context.Context, in listOperationsInput) (api.Page[api.Operation], error) {
	page := api.Page[api.Operation]{Items: []api.Operation{}}
	before, err := readPlace(in.After)
	if err != nil {
		return page, err
	}
	all, err := s.Service.Store.FindOperations(ctx, allocator.OperationQuery{Workshop: in.Workshop, Only: allocator.OperationFilter(in.Only), Before: before, Limit: in.Limit})
	if err != nil {
		return page, err
	}
	for _, o := range all {
		page.Items = append(page.Items, toOperation(o))
	}
	if len(all) == in.Limit {
		page.Next = placeOf(all[len(all)-1])
	}
	return page, nil
}

// placeOf is the place behind an operation.
func placeOf(o allocator.Operation) string {
	return writePlace(allocator.Place{At: o.CreatedAt, ID: o.ID})
}

// operationsView is the page of all operations.
type operationsView struct {
	Only       string
	Before     string
	Operations []operationLine
	Older      string // where older ones are, "" where there are none
	Role       allocator.Role
}

// Query is the filter as it stands in an address.
func (v operationsView) Query() template.URL {
	return template.URL(url.Values{"only": {v.Only}, "before": {v.Before}}.Encode()) //nolint:gosec // encoded
}

// operationLine is an operation with the name of its workshop.
type operationLine struct {
	api.Operation
	WorkshopName string
	CanCancel    bool
}

func (s *server) operationsData(r *http.Request) (operationsView, error) {
	q := r.URL.Query()
	v := operationsView{Only: q.Get("only"), Before: q.Get("before"), Role: roleOf(r)}
	before, err := readPlace(v.Before)
	if err != nil {
		return v, err
	}
	found, err := s.Service.Store.FindOperations(r.Context(), allocator.OperationQuery{Only: allocator.OperationFilter(v.Only), Before: before, Limit: listed})
	if err != nil {
		return v, err
	}
	for _, o := range found {
		name, err := s.workshopName(r.Context(), o.WorkshopID)
		if err != nil {
			return v, err
		}
		line := operationLine{Operation: toOperation(o), WorkshopName: name}
		line.CanCancel = o.Kind == allocator.Launch && !o.State.Finished() && may(v.Role, "POST /admin/operations/{id}/cancel")
		v.Operations = append(v.Operations, line)
	}
	if len(found) == listed {
		next := v
		next.Before = placeOf(found[len(found)-1])
		v.Older = "/admin/operations?" + string(next.Query())
	}
	return v, nil
}
