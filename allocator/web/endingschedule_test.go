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

// What ends with a schedule, and who waits for it, is said before.
func TestBeforeAScheduleEndsItIsSaidWhatEndsWithIt(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	// One goes on since half an hour, and one begins in a week.
	res, body := b.send(t, http.MethodPost, "/api/v1/schedules", api.NewSchedule{
		Rule: "FREQ=WEEKLY;COUNT=2", First: w.Time.Add(-30 * time.Minute).UTC().Format("2006-01-02T15:04"), Zone: "UTC", Minutes: 90,
		Workshop: api.NewWorkshop{Name: "Pose <every week>", Pool: "gpu", Seats: 2},
	})
	require.Equal(t, http.StatusCreated, res.StatusCode, body)
	page := "/admin/schedules/" + decode[api.Schedule](t, body).ID + "/end"
	open, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Len(t, open, 2)
	says(t, mustOpen(t, b, page), "This workshop has not begun, and ends too:")
	for _, who := range []string{"ann@example.org", "bob@example.org"} {
		join(t, w.browser(t), open[1], who)
	}
	asked := mustOpen(t, b, page+"?back=/admin/schedules")
	says(t, asked, "End the schedule of Pose &lt;every week&gt;?", "2 people wait for it, and lose their places", "This goes on, and ends by itself:",
		`href="/admin/workshops/`+open[0].ID+`"`, `href="/admin/workshops/`+open[1].ID+`"`, `action="`+page+`"`, `name="back" value="/admin/schedules"`)
	require.Contains(t, mustOpen(t, b, page+"?back=//elsewhere.example"), `name="back" value="/admin"`)
	res, _ = w.as(t, allocator.Viewer).open(t, page)
	require.Equal(t, http.StatusForbidden, res.StatusCode)

	res, _ = b.submit(t, page, url.Values{"back": {"/admin/schedules"}})
	require.Equal(t, "/admin/schedules", res.Header.Get("Location"))
	after, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.Len(t, after, 1)
	require.Equal(t, open[0].ID, after[0].ID)
	res, body = b.open(t, page)
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	says(t, body, "There is no such schedule")
}
