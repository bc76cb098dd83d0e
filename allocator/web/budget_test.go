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

type dollar struct{}

func (dollar) Hourly(string, string, bool) (allocator.Rate, bool) {
	return allocator.Rate{USD: 1, From: "a table"}, true
}

func TestABudgetIsWarnedOfOnPagesAndInTheAPI(t *testing.T) {
	w := newWorld(t)
	w.Rates, w.Budget = dollar{}, allocator.Budget{MonthlyUSD: 20, HardCap: true}
	b := w.staff(t)
	res, body := b.submit(t, "/admin/workshops", url.Values{"name": {"Pose"}, "pool": {"gpu"}, "seats": {"1"}, "budget_usd": {"much"}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "That is no budget")
	res, _ = b.submit(t, "/admin/workshops", url.Values{"name": {"Pose"}, "pool": {"gpu"}, "seats": {"1"}, "budget_usd": {"10.5"}})
	page := res.Header.Get("Location")
	w.settle(t)
	open, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	require.InDelta(t, 10.5, open[0].BudgetUSD, 0)
	ann := w.browser(t)
	ann.submit(t, "/join/"+open[0].JoinCode, url.Values{"email": {"ann@example.org"}})
	require.NotContains(t, mustOpen(t, b, page)+mustOpen(t, b, "/admin"), "of the budget")

	w.Time = w.Time.Add(9 * time.Hour)
	w.settle(t)
	require.Contains(t, mustOpen(t, b, page), "a table. Machines with their disks", "the page says where prices are from")
	_, body = b.send(t, http.MethodGet, "/api/v1/costs", nil)
	require.Equal(t, []string{"a table"}, decode[api.Page[api.Cost]](t, body).Items[0].From)
	require.Contains(t, mustOpen(t, b, page), "86 % of the budget are used up: this workshop cost $9.00 of $10.50")
	_, body = b.send(t, http.MethodGet, "/api/v1/costs", nil)
	require.Contains(t, decode[api.Page[api.Cost]](t, body).Items[0].Warning, "86 %")
	_, body = b.send(t, http.MethodGet, "/api/v1/budget", nil)
	got := decode[api.Budget](t, body)
	require.InDelta(t, 9, got.Spent, 0.01)
	got.Spent = 0
	require.Equal(t, api.Budget{Month: "2026-03", Monthly: 20, HardCap: true}, got)

	_, body = b.send(t, http.MethodGet, "/api/v1/costs/months?limit=2", nil)
	months := decode[api.Page[api.MonthCost]](t, body).Items
	require.Equal(t, []string{"2026-03", "2026-02"}, []string{months[0].Month, months[1].Month})
	require.InDelta(t, 9, months[0].Spent, 0.01)
	require.Greater(t, months[0].AtEnd, 24.0*30, "nobody has said when it ends")

	w.Time = w.Time.Add(8 * time.Hour)
	w.settle(t)
	require.Contains(t, mustOpen(t, b, "/admin"), "85 % of the budget are used up: all machines of the month")
	require.Contains(t, mustOpen(t, b, page), "Machines cannot be launched.</strong> The budget is used up")
	seat := decode[api.Seat](t, bodyOf(t, ann, "/api/v1/seats/current"))
	now, err := w.Store.Workshop(t.Context(), open[0].ID)
	require.NoError(t, err)
	require.Equal(t, now.CappedAt.Add(15*time.Minute), *seat.BudgetEndsAt)
	require.Contains(t, mustOpen(t, ann, "/seat"), "The workshop's budget is used up.")

	bob := w.browser(t)
	bob.submit(t, "/join/"+open[0].JoinCode, url.Values{"email": {"bob@example.org"}})
	waits := decode[api.Seat](t, bodyOf(t, bob, "/api/v1/seats/current"))
	require.Equal(t, "queued", waits.State)
	require.Contains(t, waits.Waits, "no machines are given out")
	page = mustOpen(t, bob, "/seat")
	require.Contains(t, page, "no machines are given out")
	require.NotContains(t, page, "as soon as one is free")
}
