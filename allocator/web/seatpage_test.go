package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// seated is a participant at a desktop of a kind.
func seated(t *testing.T, kind string) (*world, allocator.Workshop, *browser) {
	t.Helper()
	in := allocatortest.New(t)
	in.Agents.Desktop = kind
	w := newWorldIn(t, in)
	ws := w.ReadyWorkshop(t, 1)
	w.Agents.Connect(w.Machines(t, ws)...)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	w.Settled()
	return w, ws, ann
}

func TestASeatIsItsDesktopBelowABar(t *testing.T) {
	for _, kind := range []string{"vnc", "container"} {
		w, ws, ann := seated(t, kind)
		res, body := ann.open(t, "/seat")
		require.Equal(t, http.StatusOK, res.StatusCode)
		for _, want := range []string{
			`<iframe id="frame" src="/desktop/"`, `allow="fullscreen; clipboard-read; clipboard-write"`, ws.Name, w.Machines(t, ws)[0].ID,
			`id="helping"`, `action="/seat/leave"`, "<noscript>", `data-shows="desktop"`,
		} {
			require.Contains(t, body, want)
		}
		policy := res.Header.Get("Content-Security-Policy")
		require.Contains(t, policy, "frame-src 'self'")
		require.Contains(t, policy, "frame-ancestors 'none'", "nobody frames the page itself")
	}
}

func TestADesktopIsFramedByThisSiteAloneAndNothingElseIs(t *testing.T) {
	_, use := withMachines(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<p>desktop")) })
	w := newWorld(t, use)
	ws := w.ReadyWorkshop(t, 1)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	policy := func(b *browser, path string) string {
		res, _ := b.open(t, path)
		return res.Header.Get("Content-Security-Policy")
	}
	require.Contains(t, policy(ann, "/desktop/"), "frame-ancestors 'self'")
	require.Contains(t, policy(w.browser(t), "/desktop/"), "frame-ancestors 'self'", "also where it says what is wrong")
	require.Contains(t, mustOpen(t, w.browser(t), "/desktop/"), `<base target="_top">`, "and what it leads to is not framed")
	for _, path := range []string{"/", "/seat", "/join/" + ws.JoinCode, "/admin/login"} {
		require.Contains(t, policy(ann, path), "frame-ancestors 'none'", path)
		require.NotContains(t, policy(ann, path), "frame-src", path)
	}
}

func TestWhatIsNotToBeSeenIsNotFramed(t *testing.T) {
	for name, change := range map[string]func(w *world, ws allocator.Workshop){
		"it does not answer": func(w *world, ws allocator.Workshop) { w.Agents.Disconnect(w.Machines(t, ws)[0].ID) },
		"it is starting":     func(w *world, ws allocator.Workshop) { w.Agents.Connect(w.Machines(t, ws)...) }, // without a session
		"it shows none":      func(w *world, _ allocator.Workshop) { w.Agents.Change(func() { w.Agents.Desktop = "" }) },
	} {
		t.Run(name, func(t *testing.T) {
			w, ws, ann := seated(t, "vnc")
			change(w, ws)
			res, body := ann.open(t, "/seat")
			require.NotContains(t, body, "<iframe")
			require.NotContains(t, res.Header.Get("Content-Security-Policy"), "frame-src")
			require.Contains(t, body, "Leave the workshop")
		})
	}
}

func TestAParticipantIsToldOnTheirPageWhatConcernsThem(t *testing.T) {
	w, ws, ann := seated(t, "vnc")
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	body := mustOpen(t, ann, "/seat")
	for _, not := range []string{"is looking at your desktop", "is working on your desktop", "A message for you"} {
		require.NotContains(t, body, not)
	}
	w.Agents.Change(func() { w.Agents.Watchers = 1 })
	require.Contains(t, mustOpen(t, ann, "/seat"), "An instructor is looking at your desktop.")
	w.Agents.Change(func() { w.Agents.Controllers = 1 })
	body = mustOpen(t, ann, "/seat")
	require.Contains(t, body, "An instructor is working on your desktop.")
	require.NotContains(t, body, "is looking at", "it is said once")
	require.NoError(t, w.Service.MessageSeat(t.Context(), "admin", seats[0].ID, "Pause <now>"))
	require.Contains(t, mustOpen(t, ann, "/seat"), "<strong>A message for you:</strong> Pause &lt;now&gt;")
}

// What is for staff names parts and programs.
func TestAParticipantReadsWhatIsWrongInPlainWords(t *testing.T) {
	w, ws, ann := seated(t, "vnc")
	w.Agents.Change(func() { w.Agents.Reason = "GPU 0 (NVIDIA A10G): The driver reported a fault (XID 79)." })
	for _, c := range []struct {
		health api.Health
		action api.Action
		says   string
	}{
		{api.Unhealthy, api.Reboot, "You get another machine as soon as one is ready."},
		{api.Degraded, api.Reset, "works with limits"},
		{api.Degraded, api.NoAction, "slower than usual"},
		{api.Degraded, api.Restart, "Start that program again."},
		{api.Healthy, api.Restart, "Start that program again."},
		{api.Healthy, api.NoAction, ""},
	} {
		w.Agents.Change(func() { w.Agents.Health, w.Agents.Action = c.health, c.action })
		body := mustOpen(t, ann, "/seat")
		says(t, body, c.says)
		require.NotContains(t, body, "XID", "%+v", c)
		require.Equal(t, c.says != "", strings.Contains(body, `id="reason"`), "%+v", c)
		live := event(t, watched(t, ann, "/seat/live"))
		says(t, live, c.says)
		require.NotContains(t, live, "XID", "%+v", c)
	}
	m := w.Machines(t, ws)[0]
	w.reported(t, m, api.Report{Health: api.Unhealthy, Reason: w.Agents.Reason, Session: &api.SessionStatus{ID: m.Session()}})
	w.Agents.Disconnect(m.ID)
	body := mustOpen(t, ann, "/seat")
	says(t, body, "Your machine has failed. You get another one as soon as one is ready")
	require.NotContains(t, body, "XID")
	says(t, bodyOf(t, ann, "/api/v1/seats/current"), m.ID)
	_, err := w.Service.DrainMachine(t.Context(), "admin", m.ID)
	require.NoError(t, err)
	body = mustOpen(t, ann, "/seat")
	says(t, body, "<strong>Your machine has failed.</strong> Another one is on its way")
	require.NotContains(t, body, "drained by")
	says(t, mustOpen(t, w.staff(t), "/admin/workshops/"+ws.ID), "it was drained by admin")
}

func TestAPageSaysWhenTheTimeEndsAndOffersMore(t *testing.T) {
	in := allocatortest.New(t)
	in.Agents.Desktop = "vnc"
	w := newWorldIn(t, in)
	ws := w.ReadyWorkshop(t, 1)
	minutes, end := 60, w.Now().Add(2*time.Hour)
	ws, err := w.Service.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{SessionMinutes: &minutes, EndsAt: &end})
	require.NoError(t, err)
	w.Agents.Connect(w.Machines(t, ws)...)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	w.Settled()
	body := mustOpen(t, ann, "/seat")
	require.Contains(t, body, `data-ends="`+w.Now().Add(time.Hour).UTC().Format(time.RFC3339)+`"`)
	require.Contains(t, body, `id="extend"`)
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	res, _ := ann.submit(t, "/seat/extend", url.Values{"seat": {seats[0].ID}})
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
}

// The desktop of a browser is that of the seat which it used last.
func TestTheDesktopOfAnotherSeatIsNotShownForThis(t *testing.T) {
	w, first, ann := seated(t, "vnc")
	seats, err := w.Store.Seats(t.Context(), first.ID)
	require.NoError(t, err)
	w.Time = w.Time.Add(time.Minute)
	second := w.ReadyWorkshop(t, 1)
	w.Agents.Connect(w.Machines(t, second)...)
	join(t, ann, second, "ann@example.org")
	w.Settled()
	body := mustOpen(t, ann, "/seat?seat="+seats[0].ID)
	require.NotContains(t, body, "<iframe")
	require.Contains(t, body, "shows the desktop of another workshop")
	require.Contains(t, mustOpen(t, ann, "/seat"), "<iframe")
}

func TestTheFirstPageOfAParticipantIsSmall(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	body := mustOpen(t, b, "/join/"+w.ReadyWorkshop(t, 1).JoinCode)
	size := len(body)
	for _, part := range strings.Split(body, `="/assets/`)[1:] {
		name, _, _ := strings.Cut(part, `"`)
		_, asset := b.open(t, "/assets/"+name)
		size += len(asset)
	}
	require.Less(t, size, 100<<10)
}
