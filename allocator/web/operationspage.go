package web

import (
	"html/template"
	"net/http"
	"net/url"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

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
		last, next := found[len(found)-1], v
		next.Before = writePlace(allocator.Place{At: last.CreatedAt, ID: last.ID})
		v.Older = "/admin/operations?" + string(next.Query())
	}
	return v, nil
}
