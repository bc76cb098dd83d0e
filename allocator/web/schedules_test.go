package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAScheduleIsAddedListedAndEnded(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	asked := api.NewSchedule{
		Rule: "FREQ=WEEKLY;BYDAY=TU", First: "2026-03-03T09:00", Zone: "Europe/Berlin", Minutes: 90,
		Workshop: api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 2},
	}
	res, body := b.send(t, http.MethodPost, "/api/v1/schedules", asked)
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	added := decode[api.Schedule](t, body)
	require.Equal(t, asked, added.NewSchedule)
	require.Equal(t, "2026-03-03T08:00:00Z", added.Next.Format("2006-01-02T15:04:05Z07:00"))
	_, body = b.send(t, http.MethodGet, "/api/v1/schedules", nil)
	require.Equal(t, []api.Schedule{added}, decode[api.Page[api.Schedule]](t, body).Items)
	_, body = b.send(t, http.MethodGet, "/api/v1/workshops", nil)
	require.Equal(t, added.ID, decode[api.Page[api.Workshop]](t, body).Items[0].Schedule)
	asked.Rule = "now and then"
	res, body = b.send(t, http.MethodPost, "/api/v1/schedules", asked)
	refused(t, api.Invalid, res, body)

	page := mustOpen(t, b, "/admin")
	require.Contains(t, page, "every week on Tuesday")
	require.Contains(t, page, "at 09:00 (Europe/Berlin), for 1 h 30 min")
	require.Contains(t, page, "2026-03-10 08:00:00 UTC", "the one after the next")
	require.NotContains(t, page, "FREQ=WEEKLY;BYDAY=TU")
	kept, err := w.Store.Schedules(t.Context())
	require.NoError(t, err)
	require.NoError(t, w.Store.Miss(t.Context(), added.ID, kept[0].Through, kept[0].Through.Add(time.Hour), "the allocator was <down>"))
	page = mustOpen(t, b, "/admin")
	require.Contains(t, page, "was missed. the allocator was &lt;down&gt;.")
	require.Contains(t, page, `href="/admin/schedules/`+added.ID+`/end"`, "it is asked first")
	require.NotContains(t, page, `action="/admin/schedules/`+added.ID+`/end"`)
	res, _ = b.submit(t, "/admin/schedules/"+added.ID+"/end", nil)
	require.Equal(t, "/admin", res.Header.Get("Location"))
	res, body = b.send(t, http.MethodDelete, "/api/v1/schedules/"+added.ID, nil)
	refused(t, api.NotFound, res, body)
	asked.Rule = "FREQ=DAILY"
	_, body = b.send(t, http.MethodPost, "/api/v1/schedules", asked)
	res, body = b.send(t, http.MethodDelete, "/api/v1/schedules/"+decode[api.Schedule](t, body).ID, nil)
	require.Equal(t, http.StatusNoContent, res.StatusCode, body)
}

func TestAWorkshopThatIsRepeatedIsASchedule(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	form := url.Values{
		"name": {"Pose"}, "pool": {"gpu"}, "seats": {"2"}, "starts_at": {"2026-03-03T09:00"}, "ends_at": {"2026-03-03T11:00"},
		"zone": {"Europe/Berlin"}, "rule": {"FREQ=WEEKLY"},
	}
	res, body := b.submit(t, "/admin/workshops", form)
	require.Equal(t, "/admin", res.Header.Get("Location"), body)
	schedules, err := w.Store.Schedules(t.Context())
	require.NoError(t, err)
	require.Equal(t, "2h0m0s", schedules[0].Lasts.String())
	form.Del("ends_at")
	res, body = b.submit(t, "/admin/workshops", form)
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "begin and an end")
}

// Without its times, a workshop that is asked for again begins at once and never ends.
func TestAFormThatIsRefusedKeepsWhatWasTyped(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	form := url.Values{
		"name": {"Pose"}, "pool": {"gpu"}, "seats": {"2"}, "starts_at": {"2026-03-03T09:00"}, "ends_at": {"2026-03-03T11:00"},
		"zone": {"Europe/Berlin"}, "rule": {"FREQ=WEEKLY"}, "roster": {"Ann"}, "spares": {"3"}, "session_minutes": {"45"},
	}
	res, body := b.submit(t, "/admin/workshops", form)
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	for _, typed := range []string{
		`value="2026-03-03T09:00"`, `value="2026-03-03T11:00"`, `value="FREQ=WEEKLY" selected`, `value="3"`, `value="45"`, `value="Pose"`, ">Ann</textarea>", "<details open>",
	} {
		require.Contains(t, body, typed)
	}
	form.Set("roster", "")
	form.Set("zone", "Nowhere/Nothing")
	res, body = b.submit(t, "/admin/workshops", form)
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "There is no such time zone")
}

func TestWorkshopsThatAreOpenAreListedHoweverManyFollow(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	ws, _ := w.Open(t, 1)
	for range 60 {
		later := w.Time.Add(24 * time.Hour)
		w.Time = w.Time.Add(time.Second)
		_, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Later", Pool: "gpu", Seats: 1, StartsAt: &later})
		require.NoError(t, err)
	}
	require.Contains(t, mustOpen(t, b, "/admin"), ws.ID)
}

func TestARosterThatWasPastedFromATableIsReadAndWhoIsNotOnItNeedsNoPIN(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	form := url.Values{"name": {"Pose"}, "pool": {"gpu"}, "seats": {"1"}, "zone": {"UTC"}, "roster": {"\"ann@example.org\",\r\n\"bob@example.org\"\r\n\"\"\r\n"}}
	res, body := b.submit(t, "/admin/workshops", form)
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	all, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	roster, err := w.Store.Roster(t.Context(), all[0].ID)
	require.NoError(t, err)
	require.Equal(t, []string{"ann@example.org", "bob@example.org"}, roster)
	_, body = w.browser(t).submit(t, "/join/"+all[0].JoinCode, url.Values{"email": {"cleo@example.org"}})
	require.Contains(t, body, "not on the list")
	require.NotContains(t, body, "Six digits")

	form.Set("roster", "")
	form.Set("seats", "9223372036854775807")
	form.Set("spares", "9223372036854775807")
	res, _ = b.submit(t, "/admin/workshops", form)
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
}
