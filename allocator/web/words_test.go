package web_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

func TestAWorkshopThatBeginsLaterSaysWhenItsMachinesStart(t *testing.T) {
	w := newWorld(t)
	begins := w.Time.Add(2 * time.Hour)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, StartsAt: &begins})
	require.NoError(t, err)
	staff, page := w.staff(t), "/admin/workshops/"+ws.ID
	require.Contains(t, mustOpen(t, staff, page), `No machines yet: they start <time datetime="`+begins.Add(-ws.WarmUp).Format(time.RFC3339))
	_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	require.Contains(t, mustOpen(t, staff, page), "No machines.")
}

// What ends as it should needs nobody's attention, and nobody is said to work on a machine that
// does not answer.
func TestACardSaysNothingThatIsNotSo(t *testing.T) {
	w := newWorld(t)
	w.Pools[0].Collect = []string{"results/**"}
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	w.Agents.Connect(m)
	claimed, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.reported(t, m, api.Report{Health: api.Healthy, Session: &api.SessionStatus{ID: claimed.Seat.Session(), IdleSeconds: new(0)}})
	staff, page := w.staff(t), "/admin/workshops/"+ws.ID
	body := mustOpen(t, staff, page)
	require.Contains(t, body, "Not connected.")
	require.NotContains(t, body, "working")
	store := w.Store
	w.Through(reached{store})
	require.Contains(t, mustOpen(t, staff, page), "· working")
	w.Through(store)

	_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
	require.NoError(t, err)
	body = mustOpen(t, staff, page)
	require.Contains(t, body, "Keeping what was made")
	require.Contains(t, body, "<dt>Need attention</dt><dd>0</dd>")
	require.Contains(t, mustOpen(t, staff, page+"?show=attention"), "Nothing needs attention.")
}

func TestTheWorkshopsPageSaysWhyPeopleWaitAndWhatIsNotConnected(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	ws := w.ReadyWorkshop(t, 1)
	page := "/admin/workshops/" + ws.ID
	_, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	body := mustOpen(t, admin, page)
	require.Contains(t, body, `<p class="bad">Not connected.</p>`)
	require.Contains(t, body, `aria-label="Message to ann@example.org"`)
	require.Contains(t, body, `<p class="quiet">1 seat · from `)
	require.NotContains(t, body, "seat is taken", "nobody waits")
	_, err = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "bob@example.org"}, "")
	require.NoError(t, err)
	require.Contains(t, mustOpen(t, admin, page), "The one seat is taken.")
	bob := w.browser(t)
	join(t, bob, ws, "zoe@example.org")
	require.Contains(t, mustOpen(t, bob, "/seat"), "All seats of the workshop are taken")
	_, err = w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{Seats: new(3), Spares: new(1), IdleMinutes: new(1), BudgetUSD: new(12.5)})
	require.NoError(t, err)
	body = mustOpen(t, admin, page)
	require.NotContains(t, body, "seats are taken", "a machine starts for who waits")
	require.Contains(t, body, "3 seats · 1 spare · from ")
	require.Contains(t, body, "ends after 1 idle minute · budget $12.50")
	for _, m := range w.Machines(t, ws) {
		if m.State == allocator.Requested {
			require.NotContains(t, m.Reason, "1 machines")
		}
	}
}
