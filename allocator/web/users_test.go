package web_test

import (
	"bufio"
	"fmt"
	"html"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestUsersAreAddedChangedAndRemoved(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	res, body := admin.send(t, http.MethodPost, "/api/v1/users", api.NewUser{Name: "ann", Role: "viewer", Password: "the words of ann"})
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	res, body = admin.send(t, http.MethodPost, "/api/v1/users", api.NewUser{Name: "ann", Role: "viewer", Password: "the words of ann"})
	refused(t, api.Conflict, res, body)
	ann := w.logIn(t, "ann", "the words of ann")
	res, body = admin.send(t, http.MethodPatch, "/api/v1/users/ann", api.UserChange{Role: "instructor"})
	require.Equal(t, "instructor", decode[api.User](t, body).Role, res.Status)
	_, body = ann.send(t, http.MethodGet, "/api/v1/users/current", nil)
	require.Equal(t, "instructor", decode[api.User](t, body).Role)
	for _, c := range []api.UserChange{{}, {Role: "admin", Password: "the words of ann"}} {
		res, body = admin.send(t, http.MethodPatch, "/api/v1/users/ann", c)
		require.Contains(t, refused(t, api.Invalid, res, body).Title, "One thing")
	}
	admin.send(t, http.MethodPatch, "/api/v1/users/ann", api.UserChange{Password: "other words of ann"})
	res, body = ann.send(t, http.MethodGet, "/api/v1/workshops", nil)
	require.Equal(t, "Log in again", refused(t, api.Unauthorized, res, body).Title)
	ann = w.logIn(t, "ann", "other words of ann")
	_, body = admin.send(t, http.MethodGet, "/api/v1/users", nil)
	require.Len(t, decode[api.Page[api.User]](t, body).Items, 2)
	require.NotContains(t, body, "argon")
	res, _ = admin.send(t, http.MethodDelete, "/api/v1/users/ann", nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	res, _ = ann.open(t, "/admin")
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	res, body = admin.send(t, http.MethodDelete, "/api/v1/users/admin", nil)
	require.Contains(t, refused(t, api.Conflict, res, body).Title, "last admin")
	res, body = admin.send(t, http.MethodDelete, "/api/v1/users/ann", nil)
	refused(t, api.NotFound, res, body)
}

func TestUsersAreAddedChangedAndRemovedOnAPage(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	res, body := admin.submit(t, "/admin/users", url.Values{"name": {"ann@example.org"}, "role": {"instructor"}, "password": {"short"}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "twelve characters")
	require.Contains(t, body, `value="ann@example.org"`)
	require.NotContains(t, body, `value="short"`)
	send := func(path string, form url.Values, did, says string) {
		t.Helper()
		res, body := admin.submit(t, path, form)
		to := "/admin/users?did=" + did + "&to=ann%40example.org"
		require.Equal(t, to, res.Header.Get("Location"), body)
		require.Contains(t, mustOpen(t, admin, to), `role="status">ann@example.org `+says)
	}
	require.Contains(t, mustOpen(t, admin, "/admin/users?did=x&to=ann"), `<option value="viewer" selected>`, "the least role")
	require.NotContains(t, mustOpen(t, admin, "/admin/users?did=x&to=ann"), `role="status"`)
	send("/admin/users", url.Values{"name": {"ann@example.org"}, "role": {"instructor"}, "password": {"the words of ann"}}, "added", "may log in now.")
	page := "/admin/users/" + url.PathEscape("ann@example.org")
	require.Contains(t, mustOpen(t, admin, "/admin/users"), `href="/admin/users/`)
	require.Contains(t, mustOpen(t, admin, page+"/remove"), `action="`+page+`/remove"`)
	ann := w.logIn(t, "ann@example.org", "the words of ann")
	send(page+"/role", url.Values{"role": {"viewer"}}, "role", "has the new role.")
	res, _ = ann.open(t, "/admin")
	require.Equal(t, http.StatusSeeOther, res.StatusCode, "a lesser role ends the session")
	send(page+"/password", url.Values{"password": {"other words of ann"}}, "password", "has the new password.")
	w.logIn(t, "ann@example.org", "other words of ann")
	send(page+"/remove", nil, "removed", "is no user any more.")
	require.NotContains(t, mustOpen(t, admin, "/admin/users"), "ann@example.org")
	res, body = admin.submit(t, "/admin/users/admin/remove", nil)
	require.Equal(t, http.StatusConflict, res.StatusCode)
	require.Contains(t, body, "last admin")
}

func TestOnesOwnPasswordIsChangedOnAPage(t *testing.T) {
	w := newWorld(t)
	b, other := w.staff(t), w.staff(t)
	form := func(old, fresh, again string) url.Values {
		return url.Values{"old": {old}, "new": {fresh}, "again": {again}}
	}
	for says, in := range map[string]url.Values{
		"not the same":  form(password, "another good one", "another bad one"),
		"old password":  form("wrong", "another good one", "another good one"),
		"too short":     form(password, "short", "short"),
		"a placeholder": form(password, "changeme-changeme", "changeme-changeme"),
	} {
		res, body := b.submit(t, "/admin/account/password", in)
		require.GreaterOrEqual(t, res.StatusCode, 400)
		require.Contains(t, body, says)
	}
	res, _ := b.submit(t, "/admin/account/password", form(password, "another good one", "another good one"))
	require.Equal(t, "/admin/account?changed", res.Header.Get("Location"))
	require.Contains(t, mustOpen(t, b, "/admin/account?changed"), "Your password is changed", "the session that asked goes on")
	res, _ = other.open(t, "/admin")
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/sessions", api.Session{User: "admin", Password: password})
	refused(t, api.Unauthorized, res, body)
	w.logIn(t, "admin", "another good one")
	res, body = b.send(t, http.MethodPut, "/api/v1/users/current/password", api.PasswordChange{Old: "another good one", New: "yet another good one"})
	require.Equal(t, http.StatusNoContent, res.StatusCode, body)
	mustOpen(t, b, "/admin/account")
}

func TestALivePageEndsWithAPassword(t *testing.T) {
	w := newWorld(t)
	b := w.as(t, allocator.Viewer)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/admin/live", nil)
	require.NoError(t, err)
	res, err := b.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	events := bufio.NewReader(res.Body)
	event(t, events)
	changed, body := w.staff(t).send(t, http.MethodPatch, "/api/v1/users/a-viewer", api.UserChange{Password: "other words of a viewer"})
	require.Equal(t, http.StatusOK, changed.StatusCode, body)
	require.Contains(t, event(t, events), "event: gone")
}

func TestTheAuditIsReadPageByPage(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	for i := range 60 {
		e := allocator.Event{At: w.Time, Actor: "ann@example.org", Action: "claim seat", Subject: fmt.Sprintf("sea_%02d", i), Detail: "<i>x</i>"}
		require.NoError(t, w.Store.Record(t.Context(), e))
	}
	_, body := b.send(t, http.MethodGet, "/api/v1/events?limit=3", nil)
	first := decode[api.Page[api.Event]](t, body)
	require.Equal(t, []string{"sea_59", "sea_58", "sea_57"}, subjects(first))
	_, body = b.send(t, http.MethodGet, "/api/v1/events?limit=3&after="+first.Next, nil)
	require.Equal(t, []string{"sea_56", "sea_55", "sea_54"}, subjects(decode[api.Page[api.Event]](t, body)))
	_, body = b.send(t, http.MethodGet, "/api/v1/events?subject=sea_07", nil)
	last := decode[api.Page[api.Event]](t, body)
	require.Equal(t, []string{"sea_07"}, subjects(last))
	require.Empty(t, last.Next)
	res, body := b.send(t, http.MethodGet, "/api/v1/events?after=x", nil)
	refused(t, api.Invalid, res, body)

	page := mustOpen(t, b, "/admin/audit?actor=ann@example.org")
	require.Contains(t, page, "sea_59")
	require.NotContains(t, page, "sea_09")
	require.Contains(t, page, "&lt;i&gt;")
	older := between(page, `Newest first · <a href="`, `"`)
	page = mustOpen(t, b, html.UnescapeString(older))
	require.Contains(t, page, "sea_09")
	require.NotContains(t, page, "<td>add user</td>", "the filter goes on")
	require.NotContains(t, page, `id="older"`)
	require.Contains(t, mustOpen(t, b, "/admin/audit?actor=nobody"), "Nothing.")
}

func subjects(p api.Page[api.Event]) (out []string) {
	for _, e := range p.Items {
		out = append(out, e.Subject)
	}
	return out
}
