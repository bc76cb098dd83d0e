package web_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

var confirmed = regexp.MustCompile(`/confirm/(\w+)"`)

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
	offered := func(page string) (all []string) {
		for _, found := range confirmed.FindAllStringSubmatch(page, -1) {
			all = append(all, found[1])
		}
		return all
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
