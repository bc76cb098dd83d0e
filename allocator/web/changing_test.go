package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAWorkshopIsChangedOnItsPage(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	ws, _ := w.Open(t, 2)
	page := "/admin/workshops/" + ws.ID
	_, body := admin.open(t, page)
	require.Contains(t, body, `<input id="seats" name="seats" type="number" min="1" max="1000" placeholder="2" value="">`)
	require.NotContains(t, body, `name="everybody"`, "all who have the link may join already")

	res, body := admin.submit(t, page+"/change", url.Values{
		"seats": {"3"}, "spares": {"1"}, "session_minutes": {"45"}, "idle_minutes": {""}, "budget_usd": {"7.50"},
		"invite": {"ann@example.org\r\nzoe@example.org"}, "ends_at": {"2026-03-02T14:30"}, "zone": {"Europe/Berlin"},
	})
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	require.Equal(t, page+"?changed", res.Header.Get("Location"))
	require.Contains(t, mustOpen(t, admin, page+"?changed"), "The workshop is changed.")
	require.NotContains(t, mustOpen(t, admin, page), "The workshop is changed.")
	got, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []int{3, 1}, []int{got.Seats, got.Spares})
	require.Equal(t, 45*time.Minute, got.SessionLimit)
	require.Equal(t, ws.IdleLimit, got.IdleLimit, "what is left empty stays")
	require.InDelta(t, 7.5, got.BudgetUSD, 0.001)
	require.Equal(t, "2026-03-02 13:30", got.EndsAt.UTC().Format("2006-01-02 15:04"))
	require.True(t, got.Invited)

	res, _ = admin.submit(t, page+"/change", url.Values{"uninvite": {"ann@example.org"}})
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	roster, err := w.Store.Roster(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, []string{"zoe@example.org"}, roster)
	res, _ = admin.submit(t, page+"/change", url.Values{"everybody": {"yes"}})
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	got, err = w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.False(t, got.Invited)
}

// Who is invited stands beside what changes that: those first who have not come.
func TestAWorkshopsPageTellsWhoIsInvitedAndWhoOfThemHasJoined(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	ws := w.ReadyWorkshop(t, 2)
	page := "/admin/workshops/" + ws.ID
	join(t, w.browser(t), ws, "ann@example.org")
	require.NotContains(t, mustOpen(t, admin, page), `id="guests"`, "all who have the link may join")
	people := []string{"Zoe@example.org", "ann@example.org", "bob@example.org"}
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{Invite: people})
	require.NoError(t, err)
	bob := w.browser(t)
	join(t, bob, ws, "bob@example.org")
	w.Settled()
	res, body := bob.submit(t, "/seat/leave", seatOf(t, bob))
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	listed := between(mustOpen(t, admin, page), `<details id="guests">`, `</details>`)
	require.Contains(t, listed, `<p>1 person has not joined yet:</p><ul id="missing"><li>zoe@example.org</li></ul>`)
	require.Contains(t, listed, `<p>2 people have joined:</p><ul id="joined"><li>ann@example.org</li><li>bob@example.org</li></ul>`, "also who left again")
}

func TestAChangeOnThePageThatIsNotRightSaysWhy(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	ws, _ := w.Open(t, 2)
	for field, want := range map[string]string{
		"seats=none": "is not a whole number from 1 to 1000", "seats=0": "is not a whole number", "spares=101": "from 0 to 100",
		"budget_usd=much": "budget", "invite=zoe": "Not all addresses could be read", "ends_at=soon": "That is no time",
	} {
		form, err := url.ParseQuery(field)
		require.NoError(t, err)
		res, body := admin.submit(t, "/admin/workshops/"+ws.ID+"/change", form)
		require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode, field)
		require.Contains(t, body, want, field)
	}
	res, body := admin.submit(t, "/admin/workshops/wks_x/change", url.Values{"seats": {"3"}})
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	require.Contains(t, body, "look for it in the list of workshops")
	got, err := w.Store.Workshop(t.Context(), ws.ID)
	require.NoError(t, err)
	require.Equal(t, ws.Seats, got.Seats)
}

func TestAChangeThatIsRefusedKeepsWhatWasTyped(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	ws, _ := w.Open(t, 2)
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{Invite: []string{"ann@example.org"}})
	require.NoError(t, err)
	page := "/admin/workshops/" + ws.ID
	require.Contains(t, mustOpen(t, admin, page), `<details id="changing">`)
	res, body := admin.submit(t, page+"/change", url.Values{
		"seats": {"3"}, "spares": {"1"}, "session_minutes": {"45"}, "idle_minutes": {"10"}, "budget_usd": {"7.50"}, "previews": {"yes"},
		"invite": {"zoe@example.org\nnobody"}, "uninvite": {"ann@example.org"}, "everybody": {"yes"},
	})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, `<details id="changing" open>`)
	require.Contains(t, body, "Not all addresses could be read")
	for _, kept := range []string{
		`placeholder="2" value="3">`, `value="1">`, `value="45">`, `value="10">`, `value="7.50">`, `<option value="yes" selected>show them`,
		">zoe@example.org\nnobody</textarea>", `>ann@example.org</textarea>`, `<option value="yes" selected>all who have the link`,
	} {
		require.Contains(t, body, kept)
	}
}

func TestAnAPICallInvitesAndUninvites(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	ws, _ := w.Open(t, 2)
	res, body := admin.send(t, http.MethodPatch, "/api/v1/workshops/"+ws.ID, api.WorkshopChange{Invite: []string{"ann@example.org", "zoe@example.org"}, Uninvite: []string{"ann@example.org"}})
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	_, body = admin.send(t, http.MethodGet, "/api/v1/workshops/"+ws.ID+"/roster", nil)
	require.JSONEq(t, `{"items": ["zoe@example.org"]}`, body)
}
