package web_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

const pasted = `--code="4/0AbCdEfGhIjKl"`

// remote is a participant whose machine is shown by Chrome Remote Desktop.
func remote(t *testing.T) (*world, *browser, allocator.Seat) {
	t.Helper()
	in := allocatortest.New(t)
	in.Agents.Desktop, in.Agents.Connection = "crd", api.RemoteDesktop{State: "waiting"}
	w := newWorldIn(t, in)
	ws := w.ReadyWorkshop(t, 1)
	w.Agents.Connect(w.Machines(t, ws)...)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	w.Settled()
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	return w, ann, seats[0]
}

func TestAParticipantBringsTheirCodeAndReadsThePIN(t *testing.T) {
	w, ann, seat := remote(t)
	body := mustOpen(t, ann, "/seat")
	require.NotContains(t, body, `"/desktop/"`, "there is nothing to see here")
	page := "/seat/connect?seat=" + seat.ID
	require.Contains(t, body, `href="`+page+`"`)
	body = mustOpen(t, ann, page)
	require.Contains(t, body, `href="https://remotedesktop.google.com/headless"`)
	require.NotContains(t, body, "Connect it anew")

	form := url.Values{"seat": {seat.ID}, "command": {pasted}}
	res, _ := ann.submit(t, "/seat/connect", form)
	require.Equal(t, http.StatusSeeOther, res.StatusCode)
	require.Equal(t, "/seat?seat="+seat.ID, res.Header.Get("Location"))
	want := api.StartRemote{Session: seat.Session(), Command: pasted, Name: seat.MachineID}
	require.Equal(t, []api.StartRemote{want}, w.Agents.Brought)

	w.Agents.Change(func() { w.Agents.Connection = api.RemoteDesktop{State: "starting", Name: seat.MachineID} })
	require.Contains(t, mustOpen(t, ann, "/seat"), "is being connected")
	w.Agents.Change(func() { w.Agents.Connection = api.RemoteDesktop{State: "failed", Trouble: "Bring <another> one."} })
	require.Contains(t, mustOpen(t, ann, "/seat"), "</strong> Bring &lt;another&gt; one.")
	w.Agents.Change(func() { w.Agents.Connection = api.RemoteDesktop{State: "ready", Name: seat.MachineID, PIN: "012345"} })
	body = mustOpen(t, ann, "/seat")
	require.Contains(t, body, `<strong class="pin">012345</strong>`)
	require.Contains(t, body, `href="https://remotedesktop.google.com/access"`)
	require.Contains(t, mustOpen(t, ann, page), "Connect it anew")
	form.Set("again", "yes")
	ann.submit(t, "/seat/connect", form)
	require.True(t, w.Agents.Brought[1].Again)

	status, err := w.Service.Tunnels.Status(t.Context(), seat.MachineID)
	require.NoError(t, err)
	raw, err := json.Marshal(status)
	require.NoError(t, err)
	require.NotContains(t, string(raw), "012345", "staff is not told")
}

func TestACodeIsKeptNowhere(t *testing.T) {
	w, ann, seat := remote(t)
	var log bytes.Buffer
	w.Service.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	form := url.Values{"seat": {seat.ID}, "command": {pasted}}
	ann.submit(t, "/seat/connect", form)
	w.Agents.Fail("There are two codes in it")
	res, body := ann.submit(t, "/seat/connect", form)
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "There are two codes in it")
	require.Contains(t, body, "remotedesktop.google.com/headless", "they can try again")
	events, err := w.Store.Events(t.Context(), allocator.EventQuery{Limit: 100})
	require.NoError(t, err)
	require.Equal(t, "connect seat", events[0].Action)
	timeline, err := w.Store.Timeline(t.Context(), seat.MachineID)
	require.NoError(t, err)
	kept, err := json.Marshal([]any{events, timeline})
	require.NoError(t, err)
	for _, where := range []string{string(kept), log.String(), body} {
		require.NotContains(t, where, "0AbCd")
	}
}

func TestACodeGoesToNobodyElsesMachine(t *testing.T) {
	w, ann, seat := remote(t)
	form := url.Values{"seat": {seat.ID}, "command": {pasted}}
	res, _ := w.browser(t).submit(t, "/seat/connect", form)
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	res, _ = ann.submit(t, "/seat/connect", url.Values{"command": {pasted}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode, "it is not said for which seat")

	workshop, err := w.Store.Workshop(t.Context(), seat.WorkshopID)
	require.NoError(t, err)
	bob := w.browser(t)
	join(t, bob, workshop, "bob@example.org")
	res, body := bob.submit(t, "/seat/connect", url.Values{"seat": seatOf(t, bob)["seat"], "command": {pasted}})
	require.Equal(t, http.StatusConflict, res.StatusCode)
	require.Contains(t, body, "You have no machine yet")
	w.Agents.Disconnect(seat.MachineID)
	require.Empty(t, w.Agents.Brought)
	res, body = ann.submit(t, "/seat/connect", form)
	require.Equal(t, http.StatusServiceUnavailable, res.StatusCode)
	require.Contains(t, body, "not connected")
}

func TestAMachineThatIsShownOtherwiseTakesNoCode(t *testing.T) {
	w, ann, seat := remote(t)
	w.Agents.Change(func() { w.Agents.Desktop = "vnc" })
	page := "/seat/connect?seat=" + seat.ID
	res, body := ann.open(t, page)
	require.Equal(t, http.StatusConflict, res.StatusCode)
	require.Contains(t, body, "Your machine needs no code")
	res, body = ann.submit(t, "/seat/connect", url.Values{"seat": {seat.ID}, "command": {pasted}})
	require.Equal(t, http.StatusConflict, res.StatusCode)
	require.Contains(t, body, "Your machine needs no code")
	require.Empty(t, w.Agents.Brought)
	w.Agents.Change(func() { w.Agents.Desktop = "" })
	res, _ = ann.open(t, page)
	require.Equal(t, http.StatusOK, res.StatusCode, "it has not said yet")
}

func TestAProgramBringsACode(t *testing.T) {
	w, ann, seat := remote(t)
	const path = "/api/v1/seats/current/remote"
	res, body := ann.send(t, http.MethodPost, path+"?seat="+seat.ID, api.Connect{Command: pasted, Again: true})
	require.Equal(t, http.StatusAccepted, res.StatusCode, body)
	require.Equal(t, []api.StartRemote{{Session: seat.Session(), Command: pasted, Name: seat.MachineID, Again: true}}, w.Agents.Brought)

	res, body = ann.send(t, http.MethodPost, path, api.Connect{Command: pasted + strings.Repeat(" ", 1000)})
	refused(t, api.Invalid, res, body)
	require.NotContains(t, body, "0AbCd")
	w.Agents.Fail("There are two codes in it")
	res, body = ann.send(t, http.MethodPost, path, api.Connect{Command: pasted})
	require.Contains(t, refused(t, api.Invalid, res, body).Title, "two codes")
	require.NotContains(t, body, "0AbCd")

	workshop, err := w.Store.Workshop(t.Context(), seat.WorkshopID)
	require.NoError(t, err)
	bob := w.browser(t)
	join(t, bob, workshop, "bob@example.org")
	res, body = bob.send(t, http.MethodPost, path, api.Connect{Command: pasted})
	require.Contains(t, refused(t, api.Conflict, res, body).Title, "no machine yet")
}
