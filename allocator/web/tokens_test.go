package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// makeToken makes a token of whose browser it is.
func makeToken(t *testing.T, b *browser, in api.NewToken) api.MadeToken {
	t.Helper()
	res, body := b.send(t, http.MethodPost, "/api/v1/tokens", in)
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	return decode[api.MadeToken](t, body)
}

func TestATokenDoesWhatAProgramNeeds(t *testing.T) {
	w := newWorld(t)
	ann := w.as(t, allocator.Instructor)
	end := w.Time.Add(24 * time.Hour)
	made := makeToken(t, ann, api.NewToken{Name: "ci", ExpiresAt: &end})
	require.Equal(t, "instructor", made.Role)
	program := []string{"Authorization", "Bearer " + made.Secret}
	_, body := ann.send(t, http.MethodGet, "/api/v1/tokens", nil)
	require.NotContains(t, body, made.Secret, "it is shown once")
	require.Nil(t, decode[api.Page[api.Token]](t, body).Items[0].UsedAt)

	plain := w.browser(t)
	other := append([]string{"Origin", "https://elsewhere.example", "Sec-Fetch-Site", "cross-site"}, program...)
	res, body := plain.send(t, http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1}, other...)
	require.Equal(t, http.StatusCreated, res.StatusCode, "a token shows whose the request is: %s", body)
	require.Empty(t, res.Cookies(), "it begins no session")
	_, body = plain.send(t, http.MethodGet, "/api/v1/events?actor=a-instructor", nil, program...)
	require.Equal(t, []string{"open workshop", "make token", "log in"}, actions(t, body))
	require.Equal(t, "a-instructor/ci", decode[api.Page[api.Event]](t, body).Items[0].Actor)
	res, body = plain.send(t, http.MethodGet, "/api/v1/users", nil, program...)
	refused(t, api.Forbidden, res, body)
	_, body = plain.send(t, http.MethodGet, "/api/v1/users/current", nil, program...)
	require.Equal(t, "a-instructor", decode[api.User](t, body).Name)
	res, _ = plain.send(t, http.MethodGet, "/admin", nil, program...)
	require.Equal(t, http.StatusSeeOther, res.StatusCode, "pages are for people")

	w.Time = end
	res, body = plain.send(t, http.MethodGet, "/api/v1/workshops", nil, program...)
	refused(t, api.Unauthorized, res, body)
	res, _ = ann.send(t, http.MethodDelete, "/api/v1/tokens/"+made.ID, nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	res, body = ann.send(t, http.MethodDelete, "/api/v1/tokens/"+made.ID, nil)
	refused(t, api.NotFound, res, body)
}

func actions(t *testing.T, body string) (out []string) {
	t.Helper()
	for _, e := range decode[api.Page[api.Event]](t, body).Items {
		out = append(out, e.Action)
	}
	return out
}

// A page of another site could make a browser send its cookies, and whatever it
// likes as a token.
func TestATokenDoesNotCarryABrowsersSessionPastTheCheckOfItsOrigin(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	ws := w.ReadyWorkshop(t, 1)
	res, body := b.send(t, http.MethodDelete, "/api/v1/workshops/"+ws.ID, nil, "Origin", "https://elsewhere.example", "Authorization", "Bearer lbl_x")
	refused(t, api.Unauthorized, res, body)
	res, body = b.send(t, http.MethodDelete, "/api/v1/workshops/"+ws.ID, nil, "Origin", "https://elsewhere.example", "Authorization", "Bearer x")
	refused(t, api.Forbidden, res, body)
	b.send(t, http.MethodPost, "/api/v1/seats", api.Claim{Code: ws.JoinCode, Email: "ann@example.org"})
	res, body = b.send(t, http.MethodDelete, "/api/v1/seats/current", nil, "Origin", "https://elsewhere.example", "Authorization", "Bearer lbl_x")
	refused(t, api.NotFound, res, body)
	res, _ = b.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	require.Equal(t, http.StatusOK, res.StatusCode)
}

func TestAnAdminRevokesTheTokensOfOthers(t *testing.T) {
	w := newWorld(t)
	ann, admin := w.as(t, allocator.Viewer), w.staff(t)
	made := makeToken(t, ann, api.NewToken{Name: "ci"})
	_, body := admin.send(t, http.MethodGet, "/api/v1/users/a-viewer/tokens", nil)
	require.Equal(t, made.ID, decode[api.Page[api.Token]](t, body).Items[0].ID)
	res, body := admin.send(t, http.MethodDelete, "/api/v1/tokens/"+made.ID, nil)
	refused(t, api.NotFound, res, body)
	res, _ = admin.send(t, http.MethodDelete, "/api/v1/users/a-viewer/tokens/"+made.ID, nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
	res, body = ann.send(t, http.MethodGet, "/api/v1/workshops", nil, "Authorization", "Bearer "+made.Secret)
	refused(t, api.Unauthorized, res, body)
	res, body = admin.send(t, http.MethodGet, "/api/v1/users/nobody/tokens", nil)
	refused(t, api.NotFound, res, body)
}

func TestTokensAreMadeAndRevokedOnAPage(t *testing.T) {
	w := newWorld(t)
	b := w.as(t, allocator.Instructor)
	require.Contains(t, mustOpen(t, b, "/admin/account"), "You have none")
	res, body := b.submit(t, "/admin/account/tokens", url.Values{"name": {"<b>ci</b>"}, "role": {"viewer"}, "until": {"2026-03-05"}, "zone": {"America/New_York"}})
	require.Equal(t, http.StatusOK, res.StatusCode)
	secret := between(body, `id="secret">`, "<")
	require.Regexp(t, "^lbl_", secret)
	res, _ = w.browser(t).send(t, http.MethodGet, "/api/v1/workshops", nil, "Authorization", "Bearer "+secret)
	require.Equal(t, http.StatusOK, res.StatusCode)
	body = mustOpen(t, b, "/admin/account")
	require.NotContains(t, body, secret)
	require.Contains(t, body, "&lt;b&gt;ci&lt;/b&gt;")
	require.Contains(t, body, `<time datetime="2026-03-06T05:00:00Z">`, "the day is good to its end, where it was typed")
	for until, zone := range map[string]string{"tomorrow": "UTC", "2026-02-01": "", "2026-03-05": "Middle/Earth"} {
		res, body = b.submit(t, "/admin/account/tokens", url.Values{"name": {"x"}, "until": {until}, "zone": {zone}})
		require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
		require.Contains(t, body, `class="problem"`)
	}
	id := between(body, "/admin/account/revoke/", `"`)
	res, _ = b.submit(t, "/admin/account/revoke/"+id, nil)
	require.Equal(t, "/admin/account", res.Header.Get("Location"))
	require.Contains(t, mustOpen(t, b, "/admin/account"), "You have none")
}
