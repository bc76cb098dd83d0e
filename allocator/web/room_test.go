package web_test

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

// says reports what of a page is in it, without the rest of it.
func says(t *testing.T, page string, want ...string) {
	t.Helper()
	for _, text := range want {
		if !strings.Contains(page, text) {
			t.Errorf("the page does not say %q:\n%s", text, page)
		}
	}
}

// reported lets a machine's agent say something.
func (w *world) reported(t *testing.T, m allocator.Machine, r api.Report) {
	t.Helper()
	r.Protocol, r.BootID = api.Protocol, "b"
	_, err := w.Report(t.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, r)
	require.NoError(t, err)
}

func TestARoomIsSeenAtAGlance(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 2)
	staff := w.staff(t)
	page := "/admin/workshops/" + ws.ID
	for _, who := range []string{"ann", "bob", "cleo"} {
		_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: who + "@example.org"}, "")
		require.NoError(t, err)
		w.Time = w.Time.Add(time.Second) // who came first is first
	}
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	all := w.Machines(t, ws)
	ann := all[0]
	w.reported(t, ann, api.Report{
		Health: api.Healthy, Session: &api.SessionStatus{ID: ann.Session(), IdleSeconds: new(10), Desktop: "vnc"},
		Readings: []api.Reading{{Utilisation: new(uint32(42)), MemoryUsed: new(uint64(3 << 30))}},
	})
	w.reported(t, all[1], api.Report{Health: api.Degraded, Reason: `the GPU is <hot>`, Session: &api.SessionStatus{ID: all[1].Session(), IdleSeconds: new(600)}})
	says(t, mustOpen(t, staff, page), "Not connected.", `<dt>Need attention</dt><dd>2</dd>`)
	w.Through(reached{w.Store})
	body := mustOpen(t, staff, page)
	says(t, body, ann.Email, "In use", `<dt>Need attention</dt><dd>1</dd>`, "working", "GPU 42 %", `value="42"`, "doing nothing since", "the GPU is &lt;hot&gt;", "Works with limits:", seats[2].Email,
		`<dt>In use</dt><dd>2</dd>`, `<dt>Waiting</dt><dd>1</dd>`, `class="seatcard attention"`, "All 2 seats are taken",
		`href="/admin/seats/`+ann.SeatID+`/watch"`, `href="/admin/seats/`+ann.SeatID+`/control"`, `href="/admin/seats/`+ann.SeatID+`/release?back=`, `/confirm/reboot?back=`)
	require.NotContains(t, body, "/preview", "nobody wanted pictures")

	body = mustOpen(t, staff, page+"?show=attention&view=table")
	says(t, body, all[1].Email, `id="table-machines"`, `aria-current="page">what needs attention`, `aria-current="page">a table`)
	require.NotContains(t, body, `id="card-`+ann.ID, "she is well")
	body = mustOpen(t, staff, page+"?show=waiting")
	says(t, body, seats[2].Email)
	require.NotContains(t, body, `id="card-`)
	says(t, mustOpen(t, staff, page+"?show=%3Cscript%3E&view=none"), `class="cards"`)

	w.Time = w.Time.Add(5 * time.Minute)
	require.NotContains(t, mustOpen(t, staff, page), "GPU 42 %", "that was a while ago")
	viewer := mustOpen(t, w.as(t, allocator.Viewer), page)
	for _, hidden := range []string{`class="deeds"`, "/message", "/ends", "/release"} {
		require.NotContains(t, viewer, hidden)
	}
}

func TestPicturesOfDesktopsAreShownWhereTheWorkshopSaysSo(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	staff, ann := w.staff(t), w.browser(t)
	join(t, ann, ws, "ann@example.org")
	m := w.Machines(t, ws)[0]
	w.reported(t, m, api.Report{Health: api.Healthy, Session: &api.SessionStatus{Desktop: "vnc"}})
	w.Through(reached{w.Store})
	page, picture, untold := "/admin/workshops/"+ws.ID, `src="/admin/seats/`+m.SeatID+`/preview"`, "not told yet"
	require.NotContains(t, mustOpen(t, staff, page), picture)
	w.pictures(t, ws, true)
	body := mustOpen(t, staff, page)
	says(t, body, untold)
	require.NotContains(t, body, picture)
	mustOpen(t, ann, "/seat")
	body = mustOpen(t, staff, page)
	says(t, body, picture, `alt="Desktop of ann@example.org`)
	require.NotContains(t, body, untold)
}

// reached is a store whose machines all have their tunnels.
type reached struct{ allocator.Store }

func (r reached) Machines(ctx context.Context, workshop string, ended bool) ([]allocator.Machine, error) {
	all, err := r.Store.Machines(ctx, workshop, ended)
	for i := range all {
		all[i].Connected = true
	}
	return all, err
}

func TestEverybodyInAWorkshopIsToldSomething(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	staff, ann, bob := w.staff(t), w.browser(t), w.browser(t)
	join(t, ann, ws, "ann@example.org")
	join(t, bob, ws, "bob@example.org")
	page := "/admin/workshops/" + ws.ID
	empty, _ := w.Open(t, 1)
	res, _ := staff.submit(t, "/admin/workshops/"+empty.ID+"/message", url.Values{"text": {"Lunch is at noon."}})
	says(t, mustOpen(t, staff, res.Header.Get("Location")), "Nobody is here yet")
	res, body := staff.submit(t, page+"/message", url.Values{"text": {"Lunch is at noon."}})
	require.Equal(t, page+"?told=2", res.Header.Get("Location"), body)
	says(t, mustOpen(t, staff, res.Header.Get("Location")), "2 people were told.")
	for _, b := range []*browser{ann, bob} {
		says(t, mustOpen(t, b, "/seat"), "Lunch is at noon.")
	}
	longest := strings.Repeat("ж", 498) + "\r\n" + "ж" // 500 characters, as browsers count them
	res, body = staff.submit(t, page+"/message", url.Values{"text": {longest}})
	require.Equal(t, page+"?told=2", res.Header.Get("Location"), body)
	res, body = staff.submit(t, page+"/message", url.Values{"text": {longest + "x"}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode, body)
	says(t, body, "It may have 500 characters.")
	res, body = staff.send(t, http.MethodPost, "/api/v1/workshops/"+ws.ID+"/message", api.Message{})
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, 2, decode[api.Told](t, body).People)
	require.NotContains(t, mustOpen(t, ann, "/seat"), "Lunch")
	res, _ = staff.submit(t, page+"/message", url.Values{"text": {" "}})
	taken := mustOpen(t, staff, res.Header.Get("Location"))
	says(t, taken, "The message was taken away.")
	require.NotContains(t, taken, "were told")
}

func TestAWorkshopEndsSoonOrLaterAsItsInstructorSays(t *testing.T) {
	w := newWorld(t)
	staff := w.staff(t)
	ends := w.Time.Add(time.Hour)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, EndsAt: &ends})
	require.NoError(t, err)
	page := "/admin/workshops/" + ws.ID
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	for _, c := range []struct {
		form url.Values
		end  time.Time
	}{
		{url.Values{"when": {"later-30"}}, ends.Add(30 * time.Minute)},
		{url.Values{"when": {"in-15"}}, w.Time.Add(15 * time.Minute)},
		{url.Values{"when": {"in-15"}, "ends_at": {"2026-03-01T14:00"}, "zone": {"Europe/Berlin"}}, time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC)},
	} {
		res, body := staff.submit(t, page+"/ends", c.form)
		require.Equal(t, page, res.Header.Get("Location"), body)
		got, err := w.Store.Workshop(t.Context(), ws.ID)
		require.NoError(t, err)
		require.Equal(t, c.end, got.EndsAt.UTC(), "%v", c.form)
		require.Equal(t, c.end, decode[api.Seat](t, bodyOf(t, ann, "/api/v1/seats/current")).WorkshopEndsAt.UTC(), "participants see it")
	}
	for form, status := range map[string]int{"when=now": 422, "when=in-0": 422, "when=later-9999": 422, "": 422, "ends_at=soon&zone=UTC": 422, "ends_at=2026-02-01T14:00&zone=UTC": 422} {
		values, err := url.ParseQuery(form)
		require.NoError(t, err)
		res, body := staff.submit(t, page+"/ends", values)
		require.Equal(t, status, res.StatusCode, "%s: %s", form, body)
	}
	endless, _ := w.Open(t, 1)
	res, body := staff.submit(t, "/admin/workshops/"+endless.ID+"/ends", url.Values{"when": {"later-30"}})
	require.Equal(t, http.StatusConflict, res.StatusCode)
	says(t, body, "Type a time")
	res, _ = staff.submit(t, "/admin/workshops/wks_x/ends", url.Values{"when": {"later-30"}})
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	_, err = w.EndWorkshop(t.Context(), "admin", endless.ID)
	require.NoError(t, err)
	for _, when := range []string{"later-30", "in-15"} {
		res, _ = staff.submit(t, "/admin/workshops/"+endless.ID+"/ends", url.Values{"when": {when}})
		require.Equal(t, http.StatusConflict, res.StatusCode)
	}
}

func TestWhatIsLostIsSaidBeforeItIs(t *testing.T) {
	w := newWorld(t)
	w.Pools[0].Collect = []string{"results/**"}
	ws := w.ReadyWorkshop(t, 1)
	staff := w.staff(t)
	var seats []string
	for _, who := range []string{"ann", "bob"} {
		claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: who + "@example.org"}, "")
		require.NoError(t, err)
		seats = append(seats, claimed.Seat.ID)
	}
	says(t, mustOpen(t, staff, "/admin/workshops/"+ws.ID+"/end"), "1 person has a machine, and loses it.", "1 person waits", "<code>results/**</code>", `action="/admin/workshops/`+ws.ID+`/end"`)
	says(t, mustOpen(t, staff, "/admin/seats/"+seats[0]+"/release"), "Take the seat of ann@example.org away?", "<code>results/**</code>", `action="/admin/seats/`+seats[0]+`/release"`)
	says(t, mustOpen(t, staff, "/admin/seats/"+seats[0]+"/move"), "Move ann@example.org to another machine?", "They begin anew")
	require.NotContains(t, mustOpen(t, staff, "/admin/seats/"+seats[1]+"/release"), "results/**", "who waits has made nothing")
	w.Service.Work = nil
	says(t, mustOpen(t, staff, "/admin/workshops/"+ws.ID+"/end"), "keeps no files")
	for _, none := range []string{"/admin/seats/sea_x/release", "/admin/seats/sea_x/move", "/admin/workshops/wks_x/end"} {
		res, _ := staff.open(t, none)
		require.Equal(t, http.StatusNotFound, res.StatusCode, none)
	}
	_, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	res, body := staff.open(t, "/admin/workshops/"+ws.ID+"/end")
	require.Equal(t, http.StatusConflict, res.StatusCode)
	says(t, body, "has ended")
}

func TestAnInstructorHelpsWhoWaits(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	staff, cleo := w.staff(t), w.browser(t)
	join(t, w.browser(t), ws, "ann@example.org")
	join(t, cleo, ws, "cleo@example.org")
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	queued := slices.IndexFunc(seats, func(s allocator.Seat) bool { return s.State == allocator.SeatQueued })
	require.GreaterOrEqual(t, queued, 0)
	waits := seats[queued]
	page := "/admin/workshops/" + ws.ID
	line := between(mustOpen(t, staff, page), `<li id="waits-`+waits.ID, `</details>`)
	says(t, line, `aria-label="Message to cleo@example.org"`)
	res, body := staff.submit(t, between(line, `action="`, `"`), url.Values{"workshop": {ws.ID}, "text": {"You are next."}})
	require.Equal(t, page, res.Header.Get("Location"), body)
	says(t, mustOpen(t, cleo, "/seat"), "You are next.")
	asks := mustOpen(t, staff, between(line, `href="`, `"`))
	says(t, asks, "Take the seat of cleo@example.org away?", "their place in the queue")
	res, body = staff.submit(t, "/admin/seats"+between(asks, `action="/admin/seats`, `"`), url.Values{"workshop": {ws.ID}})
	require.Equal(t, page, res.Header.Get("Location"), body)
	join(t, w.browser(t), ws, "cleo@example.org") // without her PIN
	require.NotContains(t, mustOpen(t, w.as(t, allocator.Viewer), page), "/release")
}

func TestASeatIsMadeLongerOnItsCard(t *testing.T) {
	w := newWorld(t)
	staff := w.staff(t)
	ends := w.Time.Add(6 * time.Hour)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, EndsAt: &ends, SessionMinutes: 60})
	require.NoError(t, err)
	w.settle(t)
	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	page := "/admin/workshops/" + ws.ID
	says(t, mustOpen(t, staff, page), `id="extend-`+claimed.Seat.ID, "15 minutes more")
	res, body := staff.submit(t, "/admin/seats/"+claimed.Seat.ID+"/extend", url.Values{"workshop": {ws.ID}, "minutes": {"15"}})
	require.Equal(t, page, res.Header.Get("Location"), body)
	seat, err := w.Store.Seat(t.Context(), claimed.Seat.ID)
	require.NoError(t, err)
	require.Equal(t, claimed.Seat.EndsAt.Add(15*time.Minute).UTC(), seat.EndsAt.UTC())
	_, form, _ := strings.Cut(mustOpen(t, staff, page), "/admin/seats/"+claimed.Seat.ID+"/extend")
	_, form, _ = strings.Cut(form, `name="from" value="`)
	from, _, _ := strings.Cut(form, `"`)
	longer := url.Values{"workshop": {ws.ID}, "minutes": {"15"}, "from": {from}}
	for range 2 { // as by a click too many
		res, body = staff.submit(t, "/admin/seats/"+claimed.Seat.ID+"/extend", longer)
		require.Equal(t, page, res.Header.Get("Location"), body)
		seat, err = w.Store.Seat(t.Context(), claimed.Seat.ID)
		require.NoError(t, err)
		require.Equal(t, claimed.Seat.EndsAt.Add(30*time.Minute).UTC(), seat.EndsAt.UTC())
	}
	longer.Set("from", claimed.Seat.EndsAt.Format(time.RFC3339Nano))
	res, body = staff.submit(t, "/admin/seats/"+claimed.Seat.ID+"/extend", longer)
	require.Equal(t, http.StatusConflict, res.StatusCode)
	says(t, body, "was extended already")
	for _, bad := range []url.Values{{"minutes": {"none"}}, {"minutes": {"15"}, "from": {"soon"}}} {
		res, _ = staff.submit(t, "/admin/seats/"+claimed.Seat.ID+"/extend", bad)
		require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	}
}

func TestHowToJoinIsShownToARoom(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 2)
	staff := w.staff(t)
	page := "/admin/workshops/" + ws.ID + "/project"
	body := mustOpen(t, staff, page)
	says(t, body, `<svg class="qr"`, "/join/"+ws.JoinCode, ws.JoinCode[:4]+" "+ws.JoinCode[4:], "Nobody has joined yet")
	require.NotContains(t, body, "Log out")
	require.NotContains(t, body, " style=")
	events := watched(t, staff, page+"/live")
	_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	until(t, events, "1 person has joined, of 2 seats")
	res, _ := staff.open(t, "/admin/workshops/wks_x/project")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	says(t, mustOpen(t, staff, page), "This workshop has ended")
}
