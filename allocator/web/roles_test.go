package web_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
)

// as is a browser in which a new user of a role is logged in.
func (w *world) as(t *testing.T, role allocator.Role) *browser {
	t.Helper()
	name := "a-" + string(role)
	res, body := w.staff(t).send(t, http.MethodPost, "/api/v1/users", api.NewUser{Name: name, Role: string(role), Password: "the words of " + name})
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	return w.logIn(t, name, "the words of "+name)
}

func (w *world) logIn(t *testing.T, name, password string) *browser {
	t.Helper()
	b := w.browser(t)
	res, body := b.send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: name, Password: password})
	require.Equal(t, http.StatusNoContent, res.StatusCode, body)
	return b
}

// call is one operation or page of staff, with what it needs to be understood.
type call struct {
	method, path string
	body         any
}

// calls are all operations of staff that are described, and all pages that state a role.
func (w *world) calls(t *testing.T) map[string]call {
	t.Helper()
	_, body := w.browser(t).send(t, http.MethodGet, "/api/v1/openapi.json", nil)
	doc := decode[struct {
		Paths map[string]map[string]struct {
			OperationID string
			Tags        []string
		}
	}](t, body)
	fill := strings.NewReplacer("{id}", "x", "{name}", "x")
	out := map[string]call{}
	for path, methods := range doc.Paths {
		for method, op := range methods {
			if op.Tags[0] == "staff" && op.OperationID != "log-in" {
				out[op.OperationID] = call{strings.ToUpper(method), fill.Replace(path) + "?workshop=x", bodies[op.OperationID]}
			}
		}
	}
	for what := range web.Needs {
		if method, path, page := strings.Cut(what, " "); page {
			out[what] = call{method: method, path: fill.Replace(path)}
		}
	}
	return out
}

// answer is the status of an answer. Its body may have no end.
func (b *browser) answer(t *testing.T, c call) (status int, to string) {
	t.Helper()
	accept := "text/html"
	if strings.HasPrefix(c.path, "/api/") {
		res, _ := b.send(t, c.method, c.path, c.body)
		return res.StatusCode, ""
	}
	req, err := http.NewRequestWithContext(t.Context(), c.method, b.url+c.path, strings.NewReader(url.Values{}.Encode()))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.Header.Set("Accept", accept)
	res, err := b.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	if !strings.HasSuffix(c.path, "/live") {
		_, err = io.ReadAll(res.Body)
		require.NoError(t, err)
	}
	return res.StatusCode, res.Header.Get("Location")
}

func TestEachOperationAndPageIsForTheRoleThatItStates(t *testing.T) {
	w := newWorld(t)
	calls := w.calls(t)
	require.Len(t, calls, len(web.Needs), "what is described and what states a role is the same")
	nobody := w.browser(t)
	for what, c := range calls {
		status, to := nobody.answer(t, c)
		if strings.HasPrefix(c.path, "/api/") {
			require.Equal(t, http.StatusUnauthorized, status, what)
		} else {
			require.Equal(t, http.StatusSeeOther, status, what)
			require.Contains(t, to, "/admin/login", what)
		}
	}
	for _, role := range allocator.Roles {
		b := w.as(t, role)
		for what, c := range calls {
			if what == "log-out" || what == "POST /admin/logout" {
				continue
			}
			status, to := b.answer(t, c)
			require.NotContains(t, to, "/admin/login", what)
			require.NotEqual(t, http.StatusUnauthorized, status, what)
			forbidden := status == http.StatusForbidden && what != "change-password" && what != "POST /admin/account/password" // of the old password
			require.Equal(t, !role.Includes(web.Needs[what]), forbidden, "%s as %s: %d", what, role, status)
		}
		for _, out := range []string{"log-out", "POST /admin/logout"} {
			status, to := w.logIn(t, "a-"+string(role), "the words of a-"+string(role)).answer(t, calls[out])
			require.Less(t, status, 400)
			require.True(t, to == "" || to == "/admin/login")
		}
	}
}

func TestWhoMayNotIsToldWhy(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	viewer := w.as(t, allocator.Viewer)
	res, body := viewer.send(t, http.MethodDelete, "/api/v1/workshops/"+ws.ID, nil)
	require.Contains(t, refused(t, api.Forbidden, res, body).Detail, "You are a viewer, and this needs an instructor")
	_, body = viewer.submit(t, "/admin/workshops/"+ws.ID+"/end", nil)
	require.Contains(t, body, "You are a viewer, and this needs an instructor")
	for path, hidden := range map[string][]string{
		"/admin":                    {"Open a workshop", "/admin/users", "/admin/audit"},
		"/admin/workshops/" + ws.ID: {"/end", "/terminate"},
	} {
		seen, all := mustOpen(t, viewer, path), mustOpen(t, w.staff(t), path)
		for _, text := range hidden {
			require.NotContains(t, seen, text, "what a viewer cannot do is not offered on %s", path)
			require.Contains(t, all, text)
		}
	}
}

func TestTheLastAdminStaysOne(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	res, body := b.send(t, http.MethodPatch, "/api/v1/users/admin", api.UserChange{Role: "viewer"})
	refused(t, api.Conflict, res, body)
	res, body = b.send(t, http.MethodDelete, "/api/v1/users/admin", nil)
	refused(t, api.Conflict, res, body)
}
