package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAnInstructorHelpsAParticipantByHand(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 2)
	w.Agents.Connect(w.Machines(t, ws)...)
	b, staff := w.browser(t), w.staff(t)
	b.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	_, body := b.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	seat := decode[api.Seat](t, body)

	res, body := staff.send(t, http.MethodPost, "/api/v1/seats/"+seat.ID+"/message", api.Message{Text: "Lunch is at noon."})
	require.Equal(t, http.StatusNoContent, res.StatusCode, body)
	require.Contains(t, mustOpen(t, b, "/seat"), "Lunch is at noon.")
	workshop := url.Values{"workshop": {ws.ID}, "text": {"It is over."}}
	res, body = staff.submit(t, "/admin/seats/"+seat.ID+"/message", workshop)
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	require.Contains(t, mustOpen(t, b, "/seat"), "It is over.")
	res, _ = staff.submit(t, "/admin/seats/"+seat.ID+"/message", url.Values{"text": {strings.Repeat("x", 501)}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)

	res, body = staff.send(t, http.MethodPost, "/api/v1/seats/"+seat.ID+"/move", nil)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	moved := decode[api.Seat](t, body)
	require.NotEqual(t, seat.Machine, moved.Machine)
	res, body = staff.submit(t, "/admin/seats/"+seat.ID+"/move", workshop)
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	require.Contains(t, mustOpen(t, b, "/seat"), "You were given another machine.")

	w.browser(t).submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"bob@example.org"}})
	res, body = staff.send(t, http.MethodPost, "/api/v1/seats/"+seat.ID+"/move", nil)
	refused(t, api.Capacity, res, body)

	minutes := 60
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{SessionMinutes: &minutes})
	require.NoError(t, err)
	b.submit(t, "/seat/leave", seatOf(t, b))
	b.submit(t, "/join/"+ws.JoinCode, url.Values{"email": {"ann@example.org"}})
	_, body = b.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	seat = decode[api.Seat](t, body)
	res, body = staff.send(t, http.MethodPost, "/api/v1/seats/"+seat.ID+"/extend", api.Extension{Minutes: 10})
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, seat.EndsAt.Add(10*60e9), *decode[api.Seat](t, body).EndsAt)
}

func TestAnInstructorHelpsAMachineByHand(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 3)
	staff, all := w.staff(t), w.Machines(t, ws)
	path := func(n int, what string) string { return "/api/v1/machines/" + all[n].ID + "/" + what }
	w.Agents.Connect(all...)
	res, body := staff.send(t, http.MethodGet, path(0, "timeline"), nil)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	require.Equal(t, "requested", decode[api.Page[api.Change]](t, body).Items[0].To)

	for n, what := range []string{"reboot", "drain", "replace"} {
		res, body = staff.send(t, http.MethodPost, path(n, what), nil)
		require.Equal(t, http.StatusAccepted, res.StatusCode, body)
	}
	for n, want := range []allocator.MachineState{allocator.Rebooting, allocator.Terminating, allocator.Terminating} {
		m, err := w.Store.Machine(t.Context(), all[n].ID)
		require.NoError(t, err)
		require.Equal(t, want, m.State)
	}
	for _, what := range []string{"reboot", "replace"} {
		res, body = staff.submit(t, "/admin/machines/"+all[1].ID+"/"+what, url.Values{"workshop": {ws.ID}})
		require.Equal(t, http.StatusConflict, res.StatusCode, body)
	}
}
