package web_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/api"
)

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
