package web_test

import (
	"bufio"
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/routers"
	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/api"
)

// bodies are requests that are right, for the operations that take one.
var bodies = map[string]any{
	"log-in":            api.Session{User: "admin", Password: password},
	"claim-seat":        api.Claim{Code: "abc", Email: "ann@example.org"},
	"connect-seat":      api.Connect{Command: "4/0AbCdEfGhIjKl"},
	"open-workshop":     api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1},
	"change-workshop":   api.WorkshopChange{},
	"estimate-workshop": api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1},
	"message-workshop":  api.Message{Text: "Lunch is at noon."},
	"add-user":          api.NewUser{Name: "x", Role: "viewer", Password: "short"},
	"change-user":       api.UserChange{Role: "viewer"},
	"change-password":   api.PasswordChange{},
	"make-join-token":   api.NewJoinToken{Name: "x", Workshop: "x"},
	"make-token":        api.NewToken{Name: "x", Role: "viewer"},
	"add-schedule":      api.NewSchedule{Rule: "FREQ=DAILY", First: "2026-03-02T09:00", Zone: "UTC", Minutes: 60, Workshop: api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1}},
	"register-agent":    allocatortest.Registration("i-unknown", "client-gpu", "a signature"),
	"keep-log":          api.LogBatch{Run: "run", Number: 1, Lines: []api.LogLine{{Level: "info", Source: "agent", Text: "up"}}},
	"message-seat":      api.Message{Text: "Lunch is at noon."},
	"extend-seat-of":    api.Extension{Minutes: 10},
	"upload-work":       api.NewUploads{Collection: "op_x", Files: []api.NewFile{{Path: "a", Bytes: 1}}},
	"report":            api.Report{Protocol: api.Protocol, Health: api.Healthy, Readings: []api.Reading{}},
}

// each calls do for every operation that is described.
func each(t *testing.T, w *world, do func(t *testing.T, route *routers.Route, path string)) {
	t.Helper()
	for _, route := range describe(t, w.handler).byName {
		path := strings.NewReplacer("{id}", "x", "{name}", "x").Replace(route.Path)
		if route.Operation.OperationID == "list-seats" {
			path += "?workshop=x"
		}
		t.Run(route.Operation.OperationID, func(t *testing.T) { do(t, route, path) })
	}
}

func TestWhoIsNotKnownIsToldToLogIn(t *testing.T) {
	w := newWorld(t)
	each(t, w, func(t *testing.T, route *routers.Route, path string) {
		if route.Operation.Responses.Value("401") == nil {
			t.Log("it is for everybody")
			return
		}
		in := bodies[route.Operation.OperationID]
		if route.Operation.OperationID == "log-in" {
			in = api.Session{User: "admin", Password: "wrong"}
		}
		res, body := w.browser(t).send(t, route.Method, path, in)
		require.NotEmpty(t, refused(t, api.Unauthorized, res, body).RequestID)
	})
}

func TestWhatAnotherSiteAsksForIsRefused(t *testing.T) {
	w := newWorld(t)
	each(t, w, func(t *testing.T, route *routers.Route, path string) {
		if route.Method != http.MethodGet {
			res, body := w.browser(t).send(t, route.Method, path, bodies[route.Operation.OperationID], "Origin", "https://evil.example")
			refused(t, api.Forbidden, res, body)
		}
	})
}

func TestARequestThatIsNotRightIsRefusedWithWords(t *testing.T) {
	w := newWorld(t)
	each(t, w, func(t *testing.T, route *routers.Route, path string) {
		if route.Operation.RequestBody == nil {
			require.NotContains(t, bodies, route.Operation.OperationID)
			return
		}
		right := bodies[route.Operation.OperationID]
		require.NotNil(t, right, "add a request of it to bodies")
		b := w.browser(t)
		for status, in := range map[int]any{
			http.StatusBadRequest:            "{",
			http.StatusRequestEntityTooLarge: `{"name":"` + strings.Repeat("x", 2<<20) + `"}`,
			http.StatusUnprocessableEntity:   `[]`,
		} {
			res, body := b.send(t, route.Method, path, in)
			require.Equal(t, status, res.StatusCode, body)
			p := decode[api.Problem](t, body)
			require.NotEmpty(t, p.RequestID, body)
			require.NotEmpty(t, p.Detail, body)
		}
		res, body := b.send(t, route.Method, path, right, "Content-Type", "text/plain")
		require.Equal(t, http.StatusUnsupportedMediaType, res.StatusCode, body)
	})
}

func TestAParameterThatIsNotRightIsRefusedWithWords(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	each(t, w, func(t *testing.T, route *routers.Route, _ string) {
		for _, p := range route.Operation.Parameters {
			at := wrong(route.Path, p.Value)
			if at == "" {
				continue
			}
			res, body := b.send(t, route.Method, at, bodies[route.Operation.OperationID])
			require.Contains(t, refused(t, api.Invalid, res, body).Detail, p.Value.Name)
		}
	})
}

// wrong is a path with a value of one parameter that it must not have; "" where any
// value is good.
func wrong(path string, p *openapi3.Parameter) string {
	long := strings.Repeat("x", 300)
	if p.In == openapi3.ParameterInPath {
		return strings.NewReplacer("{"+p.Name+"}", long, "{id}", "x", "{name}", "x").Replace(path)
	}
	path = strings.NewReplacer("{id}", "x", "{name}", "x").Replace(path)
	if p.In != openapi3.ParameterInQuery {
		return ""
	}
	return path + "?" + url.Values{p.Name: {long}}.Encode()
}

func TestWhatFailsHereIsToldWithoutItsInside(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	require.NoError(t, w.Store.(*sqlstore.Store).Close())
	each(t, w, func(t *testing.T, route *routers.Route, path string) {
		res, body := b.send(t, route.Method, path, bodies[route.Operation.OperationID])
		p := refused(t, api.Internal, res, body)
		require.Contains(t, p.Detail, p.RequestID)
		require.NotContains(t, body, "closed")
	})
}

func TestWhatIsNotThereIsNotFound(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	each(t, w, func(t *testing.T, route *routers.Route, path string) {
		switch route.Operation.OperationID {
		case "watch-seat":
			return // it says so in its stream
		case "upload-work", "machine-setup":
			return // an agent asks
		case "log-out":
			return // the others need the session
		}
		res, body := b.send(t, route.Method, path, bodies[route.Operation.OperationID])
		if route.Operation.Responses.Value("404") != nil {
			refused(t, api.NotFound, res, body)
		}
	})
}

func TestWhatCannotBeDoneAnyMoreIsAConflict(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	b := w.staff(t)
	claim := api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}
	_, body := b.send(t, http.MethodPost, "/api/v1/seats", claim)
	seat := decode[api.Seat](t, body).ID
	claim.Email = "bob@example.org"
	launch := "/api/v1/operations/" + w.launchOf(t, ws) + "/cancel"
	again := allocatortest.Registration(m.InstanceID, "client-gpu", "signature of "+m.InstanceID) // it counts once
	terminate := "/api/v1/machines/" + m.ID + "/terminate"
	end := "/api/v1/workshops/" + ws.ID
	for _, c := range []struct {
		method, path string
		in           any
	}{
		{http.MethodPost, "/api/v1/seats", claim},
		{http.MethodPost, "/api/v1/seats/current/extend", nil},
		{http.MethodPost, "/api/v1/agents", again},
		{http.MethodPost, "/api/v1/seats/" + seat + "/extend", api.Extension{Minutes: 10}},
		{http.MethodPost, terminate, nil},
		{http.MethodPost, "/api/v1/machines/" + m.ID + "/reboot", nil},
		{http.MethodPost, "/api/v1/machines/" + m.ID + "/drain", nil},
		{http.MethodPost, "/api/v1/machines/" + m.ID + "/replace", nil},
		{http.MethodPost, launch, nil},
		{http.MethodDelete, end, nil},
		{http.MethodPost, end + "/collect", nil},
		{http.MethodPost, end + "/message", api.Message{Text: "Lunch is at noon."}},
		{http.MethodPatch, end, api.WorkshopChange{Spares: new(1)}},
	} {
		switch c.path { // once it can be done
		case terminate:
			b.send(t, c.method, c.path, nil)
		case end:
			b.send(t, http.MethodDelete, end, nil)
		}
		res, body := b.send(t, c.method, c.path, c.in)
		refused(t, api.Conflict, res, body)
	}
}

// away is a verifier that cannot ask STS.
type away struct{}

func (away) Verify(context.Context, api.Proof) (allocator.Proven, error) {
	return allocator.Proven{}, api.Problemf(api.Unavailable, "STS does not answer", "The agent asks again by itself.")
}

func TestAnAgentIsRefusedForWhatItProves(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	res, body := b.send(t, http.MethodPost, "/api/v1/agents", allocatortest.Registration("i-x", "somebody-else", "a"))
	refused(t, api.Forbidden, res, body)
	w.Verifier = away{}
	res, body = b.send(t, http.MethodPost, "/api/v1/agents", allocatortest.Registration("i-x", "client-gpu", "b"))
	refused(t, api.Unavailable, res, body)
}

func TestASeatIsWatchedOverTheAPI(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	b := w.browser(t)
	b.send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "ann@example.org"})
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, w.url+"/api/v1/seats/current/events", nil)
	require.NoError(t, err)
	res, err := b.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	lines := bufio.NewScanner(res.Body)
	for lines.Scan() {
		if data, is := strings.CutPrefix(lines.Text(), "data: "); is {
			require.Equal(t, "ann@example.org", decode[api.Live](t, data).Seat.Email)
			return
		}
	}
	t.Fatal("nothing was told", lines.Err())
}
