package web_test

import (
	"context"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// showing is a machine's agent that shows a desktop, or none.
type showing struct {
	allocator.Tunnels
	desktop string
}

func (s showing) Status(ctx context.Context, machine string) (api.Status, error) {
	status, err := s.Tunnels.Status(ctx, machine)
	if status.Session != nil {
		status.Session.Desktop = s.desktop
	}
	return status, err
}

func TestASeatLeadsToItsDesktopWhereThereIsOne(t *testing.T) {
	for desktop, want := range map[string]bool{"vnc": true, "": false} {
		in := allocatortest.New(t)
		in.Service.Tunnels = showing{in.Service.Tunnels, desktop}
		w := newWorldIn(t, in)
		ws := w.ReadyWorkshop(t, 1)
		w.Agents.Connect(w.Machines(t, ws)...)
		ann := w.browser(t)
		join(t, ann, ws, "ann@example.org")
		w.Settled()
		_, body := ann.open(t, "/seat")
		require.Equal(t, want, strings.Contains(body, `src="/desktop/"`), body)
	}
}

func TestAParticipantIsToldOnTheirPageWhileStaffLooks(t *testing.T) {
	in := allocatortest.New(t)
	in.Agents.Desktop = "vnc"
	w := newWorldIn(t, in)
	ws := w.ReadyWorkshop(t, 1)
	w.Agents.Connect(w.Machines(t, ws)...)
	ann := w.browser(t)
	join(t, ann, ws, "ann@example.org")
	w.Settled()
	require.NotContains(t, mustOpen(t, ann, "/seat"), "is looking at your desktop")
	in.Agents.Change(func() { in.Agents.Watchers = 1 })
	require.Contains(t, mustOpen(t, ann, "/seat"), "An instructor is looking at your desktop.")
}

// Where a desktop does not come by its agent, nobody could look at it.
func TestStaffIsOfferedToWatchWhatCanBeWatched(t *testing.T) {
	for desktop, can := range map[string]bool{"vnc": true, "container": true, "": false, "crd": false} {
		w, ws, seat, _ := watchable(t)
		m := w.Machines(t, ws)[0]
		report := api.Report{Health: api.Healthy, BootID: "b", Protocol: api.Protocol, Session: &api.SessionStatus{Desktop: desktop}}
		_, err := w.Service.Report(t.Context(), allocator.Agent{ID: m.AgentID, MachineID: m.ID}, report)
		require.NoError(t, err)
		staff := w.staff(t)
		require.Equal(t, can, strings.Contains(mustOpen(t, staff, "/admin/workshops/"+ws.ID), `id="watch-`+seat.ID), desktop)
		res, body := staff.open(t, "/admin/seats/"+seat.ID+"/watch")
		require.Equal(t, desktop == "crd", res.StatusCode == http.StatusConflict, desktop)
		_, listed := staff.send(t, http.MethodGet, "/api/v1/machines", nil)
		require.Equal(t, desktop, decode[api.Page[api.Machine]](t, listed).Items[0].Desktop, body)
	}
}
