package web_test

import (
	"bytes"
	"flag"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"
)

// description is the OpenAPI document that is served, with what of it was seen.
type description struct {
	doc    *openapi3.T
	routes *http.ServeMux            // finds the operation of a request
	byName map[string]*routers.Route // by the pattern of the route

	mu   sync.Mutex
	seen map[string]bool // operation and status
}

// described is read once, of the first allocator of these tests.
var described struct {
	sync.Once
	*description
}

// describe reads the description that an allocator serves.
func describe(t *testing.T, handler http.Handler) *description {
	t.Helper()
	described.Do(func() {
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/api/v1/openapi.json", nil))
		doc, err := openapi3.NewLoader().LoadFromData(answer.Body.Bytes())
		require.NoError(t, err)
		d := &description{doc: doc, routes: http.NewServeMux(), byName: map[string]*routers.Route{}, seen: map[string]bool{}}
		for path, item := range doc.Paths.Map() {
			for method, op := range item.Operations() {
				pattern := method + " " + path
				d.routes.Handle(pattern, http.NotFoundHandler())
				d.byName[pattern] = &routers.Route{Spec: doc, Path: path, PathItem: item, Method: method, Operation: op}
			}
		}
		described.description = d
	})
	require.NotNil(t, described.description, "the description could not be read")
	return described.description
}

// checking holds every answer to the description.
type checking struct {
	t *testing.T
	*description
	http.RoundTripper
}

// RoundTrip asks, and looks at the answer.
func (c checking) RoundTrip(r *http.Request) (*http.Response, error) {
	res, err := c.RoundTripper.RoundTrip(r)
	if err != nil {
		return res, err
	}
	_, pattern := c.routes.Handler(r)
	route := c.byName[pattern]
	if route == nil {
		return res, nil
	}
	c.mu.Lock()
	c.seen[key(route.Operation.OperationID, res.StatusCode)] = true
	c.mu.Unlock()
	if media, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type")); media == "text/event-stream" {
		return res, nil // it goes on
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return res, err
	}
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(body))
	if err := answers(r, res, route, body); err != nil {
		c.t.Errorf("the answer to %s %s (%s) is not as the description says: %v\n%s", r.Method, r.URL.Path, res.Status, err, body)
	}
	return res, nil
}

func key(operation string, status int) string { return fmt.Sprintf("%s %d", operation, status) }

// answers reports how an answer differs from what is described.
func answers(r *http.Request, res *http.Response, route *routers.Route, body []byte) error {
	in := &openapi3filter.ResponseValidationInput{
		RequestValidationInput: &openapi3filter.RequestValidationInput{Request: r, Route: route},
		Status:                 res.StatusCode, Header: res.Header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}
	in.SetBodyBytes(body)
	return openapi3filter.ValidateResponse(r.Context(), in)
}

// covering runs the tests, and then looks whether they saw all that is described.
type covering struct{ *testing.M }

// Run runs the tests.
func (c covering) Run() int {
	code := c.M.Run()
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return code // not all tests were asked for
		}
	}
	if missing := described.unseen(); len(missing) > 0 && code == 0 {
		for _, m := range missing {
			fmt.Fprintln(os.Stderr, "no test saw what the description promises:", m)
		}
		return 1
	}
	return code
}

// unseen are the operations and statuses that no test saw.
func (d *description) unseen() []string {
	var out []string
	for _, route := range d.byName {
		for status := range route.Operation.Responses.Map() {
			code, _ := strconv.Atoi(status) // "default" is none
			if k := key(route.Operation.OperationID, code); !d.seen[k] {
				out = append(out, key(route.Operation.OperationID, code))
			}
		}
	}
	slices.Sort(out)
	return out
}

func TestTheDescriptionIsGoodOpenAPI(t *testing.T) {
	w := newWorld(t)
	require.NoError(t, describe(t, w.handler).doc.Validate(t.Context()))
}
