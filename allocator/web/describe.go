package web

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// refusals are the statuses of what each operation of staff refuses for a reason of
// its own. One that is not here refuses nothing but what all do.
var refusals = map[string][]int{
	"release-seat":         {http.StatusNotFound},
	"end-schedule":         {http.StatusNotFound},
	"change-user":          {http.StatusNotFound, http.StatusConflict},
	"remove-user":          {http.StatusNotFound, http.StatusConflict},
	"add-user":             {http.StatusConflict},
	"list-tokens-of-user":  {http.StatusNotFound},
	"revoke-token-of-user": {http.StatusNotFound},
	"revoke-token":         {http.StatusNotFound},
	"export-workshop":      {http.StatusNotFound},
	"workshop-stats":       {http.StatusNotFound},
	"get-workshop":         {http.StatusNotFound},
	"get-roster":           {http.StatusNotFound},
	"change-workshop":      {http.StatusNotFound, http.StatusConflict},
	"end-workshop":         {http.StatusNotFound, http.StatusConflict},
	"message-workshop":     {http.StatusNotFound, http.StatusConflict},
	"make-join-token":      {http.StatusNotFound},
	"revoke-join-token":    {http.StatusNotFound},
	"cancel-operation":     {http.StatusNotFound, http.StatusConflict},
	"terminate-machine":    {http.StatusNotFound, http.StatusConflict},
	"read-log":             {http.StatusNotFound},
	"move-seat":            {http.StatusNotFound, http.StatusConflict},
	"message-seat":         {http.StatusNotFound},
	"extend-seat-of":       {http.StatusNotFound, http.StatusConflict},
	"reboot-machine":       {http.StatusNotFound, http.StatusConflict},
	"drain-machine":        {http.StatusNotFound, http.StatusConflict},
	"replace-machine":      {http.StatusNotFound, http.StatusConflict},
	"get-timeline":         {http.StatusNotFound},
	"collect-work":         {http.StatusNotFound, http.StatusConflict},
	"list-work":            {http.StatusNotFound},
}

// errorsOf are the statuses of all that an operation of staff refuses: who is not
// logged in, whose role does not do, and what is its own.
func errorsOf(id string) []int {
	out := []int{http.StatusUnauthorized}
	if needs[id] != allocator.Viewer {
		out = append(out, http.StatusForbidden)
	}
	if creates[id] {
		out = append(out, http.StatusConflict)
	}
	return append(out, refusals[id]...)
}

// describeRefusals adds to the description what every operation of a kind may be
// refused for, before it is reached. A test sees each.
func describeRefusals(doc *huma.OpenAPI) {
	for _, item := range doc.Paths {
		for method, op := range methods(item) {
			statuses := []int{http.StatusInternalServerError, http.StatusServiceUnavailable}
			if method != http.MethodGet {
				statuses = append(statuses, http.StatusForbidden) // from another site
			}
			if op.RequestBody != nil {
				statuses = append(statuses, http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
			}
			if slices.ContainsFunc(op.Parameters, bounded) {
				statuses = append(statuses, http.StatusUnprocessableEntity)
			} else if op.RequestBody == nil {
				delete(op.Responses, strconv.Itoa(http.StatusUnprocessableEntity))
			}
			delete(op.Responses, "default")
			for _, status := range statuses {
				addRefusal(doc, op, status)
			}
		}
	}
}

// methods are the operations of a path.
func methods(item *huma.PathItem) map[string]*huma.Operation {
	all := map[string]*huma.Operation{
		http.MethodGet: item.Get, http.MethodPost: item.Post, http.MethodPut: item.Put, http.MethodPatch: item.Patch, http.MethodDelete: item.Delete,
	}
	maps.DeleteFunc(all, func(_ string, op *huma.Operation) bool { return op == nil })
	return all
}

// bounded reports whether not everything is good for a parameter.
func bounded(p *huma.Param) bool {
	s := p.Schema
	return p.In != "header" && (s.MaxLength != nil || s.Minimum != nil || s.Maximum != nil || len(s.Enum) > 0 || s.Type != huma.TypeString)
}

func addRefusal(doc *huma.OpenAPI, op *huma.Operation, status int) {
	code := strconv.Itoa(status)
	if op.Responses[code] == nil {
		op.Responses[code] = &huma.Response{
			Description: http.StatusText(status),
			Content: map[string]*huma.MediaType{
				"application/problem+json": {Schema: doc.Components.Schemas.Schema(reflect.TypeFor[api.Problem](), true, "Problem")},
			},
		}
	}
}
