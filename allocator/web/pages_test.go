package web_test

import (
	"bufio"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestStaffLogInOnAPageAndComeBackToWhereTheyWanted(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	res, _ := b.open(t, "/admin/workshops/wks_x")
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	require.Equal(t, "/admin/login?next=%2Fadmin%2Fworkshops%2Fwks_x", res.Header.Get("Location"))
	res, body := b.submit(t, "/admin/login?next=%2Fadmin%2Fworkshops%2Fwks_x", url.Values{"user": {"admin"}, "password": {"wrong"}})
	require.Equal(t, http.StatusUnauthorized, res.StatusCode)
	require.Contains(t, body, "That is not right")
	res, _ = b.submit(t, "/admin/login?next=%2Fadmin%2Fworkshops%2Fwks_x", url.Values{"user": {"admin"}, "password": {password}})
	require.Equal(t, "/admin/workshops/wks_x", res.Header.Get("Location"))
	for _, elsewhere := range []string{
		"https://example.org/admin", "//example.org/admin", "/seat", "javascript:alert(1)", "/adminx",
		`/admin/../\evil.example`, "/admin/%2e%2e/%5cevil.example", "/admin/..//evil.example", `\\evil.example`,
	} {
		res, _ = b.submit(t, "/admin/login?next="+url.QueryEscape(elsewhere), url.Values{"user": {"admin"}, "password": {password}})
		require.Equal(t, "/admin", res.Header.Get("Location"), elsewhere)
	}
	res, _ = b.submit(t, "/admin/logout", nil)
	require.Equal(t, "/admin/login", res.Header.Get("Location"))
	res, _ = b.open(t, "/admin")
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
}

func TestAWorkshopIsOpenedWatchedAndEndedOnPages(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	res, body := b.submit(t, "/admin/workshops", url.Values{"name": {"Pose"}, "pool": {"gpu"}, "seats": {"many"}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "between 1 and 10")
	res, _ = b.submit(t, "/admin/workshops", url.Values{"name": {"Pose <b>tracking</b>"}, "pool": {"gpu"}, "seats": {"2"}})
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	page := res.Header.Get("Location")
	w.RunAll(t)
	_, body = b.open(t, page)
	require.Contains(t, body, "Pose &lt;b&gt;tracking&lt;/b&gt;")
	require.Contains(t, body, "/join/")
	require.Contains(t, body, "starts in us-west-2b")
	_, body = b.open(t, "/admin")
	require.Contains(t, body, page)
	require.Contains(t, body, "2 of 10 machines")

	machine := between(body+mustOpen(t, b, page), `href="/admin/machines/`, `"`)
	_, body = b.open(t, "/admin/machines/"+machine)
	require.Contains(t, body, "2 machines for 2 seats")
	res, _ = b.submit(t, "/admin/machines/"+machine+"/terminate", nil)
	require.Equal(t, page+"?did=terminate&to="+machine, res.Header.Get("Location"))
	res, _ = b.submit(t, page+"/end", nil)
	require.Equal(t, page, res.Header.Get("Location"))
	res, body = b.submit(t, page+"/end", nil)
	require.Equal(t, http.StatusConflict, res.StatusCode)
	require.Contains(t, body, "has ended")
}

func mustOpen(t *testing.T, b *browser, path string) string {
	t.Helper()
	_, body := b.open(t, path)
	return body
}

func between(s, before, after string) string {
	_, rest, _ := strings.Cut(s, before)
	out, _, _ := strings.Cut(rest, after)
	return out
}

func TestAParticipantJoinsSeesTheMachineAndLeavesOnPages(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	ann := w.browser(t)
	res, _ := ann.open(t, "/join?code="+ws.JoinCode)
	require.Equal(t, "/join/"+ws.JoinCode, res.Header.Get("Location"))
	res, _ = ann.open(t, "/join?code="+url.QueryEscape(ws.JoinCode[:4]+" "+ws.JoinCode[4:]))
	res, _ = ann.open(t, res.Header.Get("Location"))
	require.Equal(t, http.StatusOK, res.StatusCode, "a code may be typed with a space")
	_, body := ann.open(t, "/join/"+ws.JoinCode)
	require.Contains(t, body, "Pose")
	res, body = ann.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"nobody"}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "not an e-mail address")
	res, _ = ann.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	require.Equal(t, "/seat", res.Header.Get("Location"))
	res, body = ann.open(t, "/seat")
	require.Equal(t, http.StatusOK, res.StatusCode)
	require.Contains(t, body, "enter the PIN")
	require.Contains(t, body, "Not connected")
	res, _ = ann.open(t, "/join/"+ws.JoinCode)
	require.Equal(t, "/seat", res.Header.Get("Location"), "already in")

	phone := w.browser(t)
	res, body = phone.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	require.Equal(t, http.StatusForbidden, res.StatusCode)
	require.Contains(t, body, `name="pin"`)
	pin := between(mustOpen(t, ann, "/seat"), `class="pin">`, `<`)
	res, _ = phone.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}, "pin": {pin}})
	require.Equal(t, "/seat", res.Header.Get("Location"))

	res, body = ann.submit(t, "/seat/leave", nil)
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "Load the page again")
	res, _ = ann.submit(t, "/seat/leave", seatOf(t, ann))
	require.Equal(t, "/join/"+ws.JoinCode+"?left", res.Header.Get("Location"))
	require.Contains(t, mustOpen(t, ann, res.Header.Get("Location")), "You have left the workshop.")
	require.NotContains(t, mustOpen(t, ann, "/join/"+ws.JoinCode), "You have left")
	res, body = phone.open(t, "/seat")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	require.Contains(t, body, "you left.")
	require.Contains(t, body, `<a href="/join/`+ws.JoinCode+`" target="_top">Join again</a>`)
}

// launchOf is the operation that launched a workshop's machines.
func (w *world) launchOf(t *testing.T, ws allocator.Workshop) string {
	t.Helper()
	all, err := w.Store.Operations(t.Context(), ws.ID, 100)
	require.NoError(t, err)
	return all[len(all)-1].ID
}

func TestALaunchIsCancelledOnThePageOfItsWorkshop(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	ws, op := w.Open(t, 2)
	page := "/admin/workshops/" + ws.ID
	require.Contains(t, mustOpen(t, b, page), `id="cancel-`+op.ID)
	res, _ := b.submit(t, "/admin/operations/"+op.ID+"/cancel", nil)
	require.Equal(t, page, res.Header.Get("Location"))
	now := mustOpen(t, b, page)
	require.NotContains(t, now, `id="cancel-`)
	require.Contains(t, now, "cancelled by admin")
	_, listed := b.send(t, http.MethodGet, "/api/v1/operations", nil)
	require.Contains(t, listed, `"cancelled"`)
	res, _ = b.submit(t, "/admin/operations/"+op.ID+"/cancel", nil)
	require.Equal(t, http.StatusConflict, res.StatusCode)

	other, _ := w.Open(t, 2)
	res, body := b.send(t, http.MethodPost, "/api/v1/operations/"+w.launchOf(t, other)+"/cancel", nil)
	require.Equal(t, http.StatusAccepted, res.StatusCode, body)
}

// seatOf is what the forms of a seat's page say.
func seatOf(t *testing.T, b *browser) url.Values {
	t.Helper()
	return url.Values{"seat": {between(mustOpen(t, b, "/seat"), `name="seat" value="`, `"`)}}
}

// A browser has the pages of two workshops open, and each form means its own page's.
func TestFormsMeanTheSeatOfTheirPage(t *testing.T) {
	w := newWorld(t)
	ann := w.browser(t)
	pages := map[string]url.Values{} // by join code
	var codes []string
	for range 2 {
		ends := w.Time.Add(6 * time.Hour)
		opened, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, EndsAt: &ends, SessionMinutes: 60})
		require.NoError(t, err)
		w.settle(t)
		ann.submit(t, "/join/"+opened.JoinCode, url.Values{"email": {"ann@example.org"}})
		pages[opened.JoinCode] = seatOf(t, ann)
		codes = append(codes, opened.JoinCode)
		w.Time = w.Time.Add(time.Minute)
	}
	first, second := pages[codes[0]], pages[codes[1]]
	require.NotEqual(t, first, second)
	require.Contains(t, mustOpen(t, ann, "/seat?"+first.Encode()), first.Get("seat"))
	before := decode[api.Seat](t, bodyOf(t, ann, "/api/v1/seats/current?"+first.Encode()))
	w.Time = w.Time.Add(time.Minute)
	res, _ := ann.submit(t, "/seat/extend", first)
	require.Equal(t, "/seat?"+first.Encode(), res.Header.Get("Location"))
	after := decode[api.Seat](t, bodyOf(t, ann, "/api/v1/seats/current?"+first.Encode()))
	require.Equal(t, first.Get("seat"), after.ID)
	require.True(t, after.EndsAt.After(*before.EndsAt))
	require.Equal(t, second.Get("seat"), decode[api.Seat](t, bodyOf(t, ann, "/api/v1/seats/current")).ID)

	res, _ = ann.submit(t, "/seat/leave", first)
	require.Equal(t, "/join/"+codes[0]+"?left", res.Header.Get("Location"))
	res, body := ann.send(t, http.MethodGet, "/api/v1/seats/current?"+first.Encode(), nil)
	refused(t, api.NotFound, res, body)
	res, _ = ann.send(t, http.MethodDelete, "/api/v1/seats/current?"+second.Encode(), nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode)
}

func bodyOf(t *testing.T, b *browser, path string) string {
	t.Helper()
	_, body := b.send(t, http.MethodGet, path, nil)
	return body
}

// The page gives the browser its token before it claims, so that a claim whose
// answer is lost can be made again, as by a reload.
func TestAClaimWhoseAnswerIsLostIsMadeAgain(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 2)
	ann := w.browser(t)
	ann.open(t, "/join/"+ws.JoinCode)
	at, err := url.Parse(w.url)
	require.NoError(t, err)
	before := ann.Jar.Cookies(at)
	ann.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	first := mustOpen(t, ann, "/seat")

	ann = w.browser(t) // what the answer set is lost
	ann.Jar.SetCookies(at, before)
	res, _ := ann.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	require.Equal(t, "/seat", res.Header.Get("Location"))
	for _, part := range []string{`class="pin">`, "Machine "} {
		require.Equal(t, between(first, part, "<"), between(mustOpen(t, ann, "/seat"), part, "<"))
	}
}

func TestLivePartsAreSentWhenTheyChange(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	ws, _ := w.Open(t, 1)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, w.url+"/admin/workshops/"+ws.ID+"/live", nil)
	require.NoError(t, err)
	res, err := b.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	require.Equal(t, "text/event-stream", res.Header.Get("Content-Type"))
	events := bufio.NewReader(res.Body)
	require.Contains(t, event(t, events), "requested")
	w.RunAll(t)
	until(t, events, "booting") // it may be seen before that, too
}

// event reads one server-sent event. What comes now and then while there is nothing new is none.
func event(t *testing.T, r *bufio.Reader) string {
	t.Helper()
	var out strings.Builder
	for {
		line, err := r.ReadString('\n')
		require.NoError(t, err)
		switch {
		case line != "\n":
			out.WriteString(line)
		case strings.Contains(out.String(), "data:"):
			return out.String()
		default:
			out.Reset()
		}
	}
}

func TestARequestFromAnotherSiteIsRefused(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	res, body := b.send(t, http.MethodPost, "/api/v1/workshops", api.NewWorkshop{Name: "x", Pool: "gpu", Seats: 1}, "Sec-Fetch-Site", "cross-site")
	refused(t, api.Forbidden, res, body)
	res, body = b.send(t, http.MethodDelete, "/api/v1/workshops/x", nil, "Origin", "https://example.org")
	refused(t, api.Forbidden, res, body)
}

func TestEveryAnswerTellsTheBrowserToLoadNothingElse(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	for _, path := range []string{"/", "/nowhere", "/admin/login", "/api/v1/seats/current", "/assets/pages.css"} {
		res, _ := b.open(t, path)
		require.Contains(t, res.Header.Get("Content-Security-Policy"), "default-src 'none'", path)
		require.Equal(t, "nosniff", res.Header.Get("X-Content-Type-Options"), path)
		require.NotEmpty(t, res.Header.Get("X-Request-Id"), path)
	}
	res, body := b.open(t, "/nowhere")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	require.Contains(t, body, `<h1 lang="en">There is no such page</h1>`, "also on a page in another language")
}
