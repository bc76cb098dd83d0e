package web_test

import (
	"net/http"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

var confirmed = regexp.MustCompile(`/confirm/(\w+)["?]`)

// offered is what a page, or a part of one, offers to do to machines.
func offered(page string) (all []string) {
	for _, found := range confirmed.FindAllStringSubmatch(page, -1) {
		all = append(all, found[1])
	}
	return all
}

func TestACardOffersWhatTheMachinesPageOffers(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 2)
	staff := w.staff(t)
	join(t, w.browser(t), ws, "ann@example.org")
	all := w.Machines(t, ws)
	m, other := all[0], all[1]
	if m.SeatID == "" {
		m, other = other, m
	}
	offers := func(m allocator.Machine, want ...string) {
		t.Helper()
		require.Equal(t, want, offered(mustOpen(t, staff, "/admin/machines/"+m.ID)))
		for _, view := range []string{"cards", "table"} {
			card := between(mustOpen(t, staff, "/admin/workshops/"+ws.ID+"?view="+view), `id="deeds-`+m.ID, "</details>")
			require.Equal(t, want, offered(card), view)
		}
	}
	offers(m, "reboot", "replace", "drain", "terminate")
	w.reported(t, other, api.Report{Health: api.Unhealthy, Reason: "hot"})
	offers(other, "reboot", "terminate")
	_, err := w.ReplaceMachine(t.Context(), "admin", m.ID)
	require.NoError(t, err)
	offers(m, "drain", "terminate") // it is replaced already
}

func TestNobodyIsOfferedTheRestartOfSomebodysOwnMachine(t *testing.T) {
	w := newWorld(t, withAgent)
	ws, _ := w.Open(t, 1)
	_, secret, err := w.AddJoinToken(t.Context(), "admin", api.NewJoinToken{Name: "lab", Workshop: ws.ID})
	require.NoError(t, err)
	given, _, _ := joins(t, w.browser(t), secret, "one")
	staff, page := w.staff(t), "/admin/machines/"+given.MachineID
	require.Equal(t, []string{"replace", "drain", "terminate"}, offered(mustOpen(t, staff, page)))
	require.Equal(t, []string{"replace", "drain", "terminate"}, offered(between(mustOpen(t, staff, "/admin/workshops/"+ws.ID), `id="deeds-`+given.MachineID, "</details>")))

	res, body := staff.send(t, http.MethodPost, "/api/v1/machines/"+given.MachineID+"/reboot", nil)
	refused(t, api.Conflict, res, body)
	require.Contains(t, body, "restarted where it stands")
	res, body = staff.open(t, page+"/confirm/reboot")
	require.Equal(t, http.StatusConflict, res.StatusCode)
	require.Contains(t, body, "restarted where it stands")

	require.Contains(t, mustOpen(t, staff, page+"/confirm/replace"), "not switched off, but let go")
	res, body = staff.submit(t, page+"/replace", nil)
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	m, err := w.Store.Machine(t.Context(), given.MachineID)
	require.NoError(t, err)
	require.Equal(t, allocator.Terminating, m.State, m.Reason)
}

// What goes on costing money is told where the workshop has ended, too.
func TestThePageOfAWorkshopNamesMachinesThatAWSDoesNotEnd(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 2)
	staff := w.staff(t)
	m := w.Machines(t, ws)[0]
	w.EC2.Protected = map[string]string{m.InstanceID: "instance " + m.InstanceID + " is protected from that"}
	_, err := w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	w.RunAll(t)
	for _, view := range []string{"cards", "table"} {
		page := mustOpen(t, staff, "/admin/workshops/"+ws.ID+"?view="+view+"&show=attention")
		require.Contains(t, page, "AWS refuses to end it: instance "+m.InstanceID+" is protected from that", view)
		require.NotContains(t, page, w.Machines(t, ws)[1].ID, view)
	}
}
