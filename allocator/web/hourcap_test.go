package web_test

import (
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

// paid is a pool whose machines are paid in a way, as the stack deployed it.
func paid(market string) func(*web.Config) {
	return func(c *web.Config) {
		c.Deployed = deployed.Settings{Pools: []deployed.Pool{{Name: "gpu", Market: market, MaxHourlyUSD: 1.25}}}
	}
}

// markets are what machines cost an hour: less as spot machines.
type markets struct{}

func (markets) Hourly(_, _ string, spot bool) (allocator.Rate, bool) {
	if spot {
		return allocator.Rate{USD: 0.25, From: "EC2's spot market"}, true
	}
	return allocator.Rate{USD: 1, From: "a list"}, true
}

// What one machine may cost is on the pool's page and the settings', before a workshop is
// opened, and where launches are refused; who waits reads plain words.
func TestWhatOneMachineMayCostIsToldWhereItCounts(t *testing.T) {
	w := newWorld(t, paid(deployed.OnDemand))
	w.Rates = oneRate(1.25)
	w.Pools[0].MaxHourlyUSD = 1
	b := w.staff(t)
	const why = "A machine of pool gpu may cost $1.000 an hour, with its disk and address, and each of its types costs more: g5.xlarge $1.250 (a list)."
	says(t, mustOpen(t, b, "/admin/settings"), "lablink:pools[].maxHourlyUsd", "1.25", "US dollars that one may cost an hour")
	says(t, harmlessPage(t, b, "/admin/pools"), "One machine may cost $1.000 an hour", "Nothing is launched.</strong> "+why, "$1.250", "costs more than a machine may")
	_, body := b.send(t, http.MethodGet, "/api/v1/pools", nil)
	pool := decode[api.Page[api.Pool]](t, body).Items[0]
	require.InDelta(t, 1, pool.MaxHourlyUSD, 0)
	require.Contains(t, pool.TooDear, why)
	_, body = b.submit(t, "/admin/workshops/estimate", url.Values{"pool": {"gpu"}, "seats": {"2"}, "lasts": {"60"}, "zone": {"UTC"}})
	says(t, body, "What one machine may cost: not enough.", why)

	res, _ := b.submit(t, "/admin/workshops", url.Values{"name": {"Pose"}, "pool": {"gpu"}, "seats": {"1"}})
	page := res.Header.Get("Location")
	w.settle(t)
	says(t, mustOpen(t, b, page), "Machines cannot be launched.</strong> Every type of the pool costs too much: "+why)
	says(t, mustOpen(t, b, "/admin/operations"), why)
	open, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	ann := w.browser(t)
	ann.submit(t, "/join/"+open[0].JoinCode, url.Values{"email": {"ann@example.org"}})
	says(t, mustOpen(t, ann, "/seat"), "No more machines can be started at the moment: they cost more than they may.")
	require.NotContains(t, mustOpen(t, ann, "/seat"), "$1.250")

	w.Pools[0].MaxHourlyUSD = 2
	w.Time = w.Time.Add(time.Hour)
	w.settle(t)
	require.NotContains(t, mustOpen(t, b, page), "Machines cannot be launched")
	says(t, harmlessPage(t, b, "/admin/pools"), "One machine may cost $2.000 an hour", "nothing speaks against it")
	require.NotContains(t, harmlessPage(t, b, "/admin/pools"), "Nothing is launched.")
}

func TestASpotMachineMayBeAllThatIsCheapEnough(t *testing.T) {
	w := newWorld(t, paid(deployed.SpotThenOnDemand))
	w.Rates, w.Pools[0].Market, w.Pools[0].MaxHourlyUSD = markets{}, deployed.SpotThenOnDemand, 0.5
	says(t, harmlessPage(t, w.staff(t), "/admin/pools"), "only as a spot machine: it costs more than a machine may otherwise")
}

func TestAMachineThatCostsMoreThanItMayIsWarnedOf(t *testing.T) {
	w := newWorld(t)
	w.Rates = oneRate(2)
	ws := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, ws)[0]
	b := w.staff(t)
	places := []string{"/admin/machines/" + m.ID, "/admin/machines", "/admin/workshops/" + ws.ID, "/admin/workshops/" + ws.ID + "?show=attention"}
	const warning = "It costs $2.000 an hour, and a machine of pool gpu may cost $1.500. LabLink does not end it for that"
	for _, page := range places {
		require.NotContains(t, mustOpen(t, b, page), "It costs $2.000", page)
	}
	w.Pools[0].MaxHourlyUSD = 1.5
	for _, page := range places {
		require.Contains(t, mustOpen(t, b, page), warning, page)
	}
	_, body := b.send(t, http.MethodGet, "/api/v1/machines", nil)
	require.Contains(t, decode[api.Page[api.Machine]](t, body).Items[0].Cost.Warning, warning)
}
