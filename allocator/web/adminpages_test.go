package web_test

import (
	"context"
	"encoding/csv"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/web"
	"github.com/talmolab/lablink-infrastructure/api"
	"github.com/talmolab/lablink-infrastructure/api/deployed"
)

func TestAllOperationsAreListedAndCancelled(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: evil, Pool: "gpu", Seats: 2})
	require.NoError(t, err)
	op := w.Launch(t, ws)
	page := harmlessPage(t, b, "/admin/operations?only=running")
	require.Contains(t, page, "Start machines")
	require.Contains(t, harmlessPage(t, b, "/admin/workshops/"+ws.ID), "Start machines", "in the same words")
	require.Contains(t, page, "0 of 2")
	require.Contains(t, page, `id="cancel-`+op.ID)
	require.NotContains(t, harmlessPage(t, w.as(t, allocator.Viewer), "/admin/operations"), `id="cancel-`)
	require.Contains(t, harmlessPage(t, b, "/admin/operations?only=failed"), "There is none like that")
	events := watched(t, b, "/admin/operations/live")
	require.Contains(t, event(t, events), op.ID)
	res, _ := b.submit(t, "/admin/operations/"+op.ID+"/cancel", url.Values{"back": {"/admin/operations"}})
	require.Equal(t, "/admin/operations", res.Header.Get("Location"))
	require.Contains(t, event(t, events), "cancelled by admin")
	_, body := b.send(t, http.MethodGet, "/api/v1/operations?only=failed", nil)
	require.Empty(t, decode[api.Page[api.Operation]](t, body).Items)
}

func TestOlderOperationsAreOnTheNextPage(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	for range 51 {
		w.Time = w.Time.Add(time.Second)
		ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1})
		require.NoError(t, err)
		_, err = w.EndWorkshop(t.Context(), "admin", ws.ID)
		require.NoError(t, err)
	}
	first := harmlessPage(t, b, "/admin/operations")
	require.Equal(t, 50, strings.Count(first, `<tr id="row-`))
	older := strings.ReplaceAll(between(first, `· <a href="/admin/operations?`, `"`), "&amp;", "&")
	second := harmlessPage(t, b, "/admin/operations?"+older)
	require.NotContains(t, first, between(second, `<tr id="row-`, `"`), "each is on one page")
	require.Contains(t, second, "Newest")

	read := func(path string) api.Page[api.Operation] {
		res, body := b.send(t, http.MethodGet, path, nil)
		require.Equal(t, http.StatusOK, res.StatusCode, body)
		return decode[api.Page[api.Operation]](t, body)
	}
	all := read("/api/v1/operations?limit=200")
	require.Greater(t, len(all.Items), 51, "each launch that was ended, too")
	require.Empty(t, all.Next)
	var paged []api.Operation
	for next := ""; len(paged) == 0 || next != ""; {
		page := read("/api/v1/operations?limit=20&after=" + url.QueryEscape(next))
		paged, next = append(paged, page.Items...), page.Next
	}
	require.Equal(t, all.Items, paged)
	res, body := b.send(t, http.MethodGet, "/api/v1/operations?after=x", nil)
	refused(t, api.Invalid, res, body)
}

func TestPoolsTellWhatTheyCostAndWhatWasRefused(t *testing.T) {
	w := newWorld(t, func(c *web.Config) {
		c.Deployed = deployed.Settings{Zones: map[string]string{"a": "x", "b": "y", "c": "y"}, Pools: []deployed.Pool{{Name: "gpu", Market: deployed.SpotThenOnDemand, SubnetIDs: []string{"a", "b", "c"}}}}
	})
	w.Rates = dollar{}
	b := w.staff(t)
	w.ReadyWorkshop(t, 2)
	refusal := allocator.Refusal{Code: api.Capacity, Type: "g5.xlarge", Where: "us-west-2a", Why: "AWS has no such machine free at the moment " + evil}
	require.NoError(t, w.Store.KeepRefused(t.Context(), []allocator.Refused{
		{Refusal: refusal, Pool: "gpu", At: w.Time.Add(-time.Minute), Until: w.Time.Add(2 * time.Minute)},
		{Refusal: allocator.Refusal{Code: api.Quota, Spot: true, Why: "the quota is used up"}, Pool: "gpu", At: w.Time.Add(-time.Hour)},
		{Refusal: allocator.Refusal{Why: "of a pool that is gone"}, At: w.Time.Add(-time.Hour)},
	}))
	page := harmlessPage(t, b, "/admin/pools")
	for _, says := range []string{
		"2 of 10 machines", "Spot machines where there are some", "in 2 zones", "us-west-2b", "$1.00", "a table", "AWS has no such machine free", "refused somewhere just now",
		"the quota is used up", "asked again at the next launch", "of a pool that is gone",
	} {
		require.Contains(t, page, says)
	}
	_, body := b.send(t, http.MethodGet, "/api/v1/pools", nil)
	pool := decode[api.Page[api.Pool]](t, body).Items[0]
	require.Equal(t, deployed.SpotThenOnDemand, pool.Market)
	require.Len(t, pool.Refused, 2)
	require.Equal(t, []any{"us-west-2a", api.Capacity, w.Time.Add(2 * time.Minute)}, []any{pool.Refused[0].Where, pool.Refused[0].Code, *pool.Refused[0].Until})
	require.Nil(t, pool.Refused[1].Until)
	w.Time = w.Time.Add(time.Hour)
	require.NotContains(t, harmlessPage(t, b, "/admin/pools"), "refused somewhere just now")
}

func TestSchedulesTellWhatFollowsAndWhatWasMissed(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	sc, err := w.AddSchedule(t.Context(), "admin", api.NewSchedule{Rule: "FREQ=WEEKLY;COUNT=3", First: "2026-03-02T09:00", Zone: "Europe/Berlin", Minutes: 60, Workshop: api.NewWorkshop{Name: evil, Pool: "gpu", Seats: 1}})
	require.NoError(t, err)
	page := harmlessPage(t, b, "/admin/schedules")
	for _, begin := range []string{"2026-03-02T08:00:00Z", "2026-03-09T08:00:00Z", "2026-03-16T08:00:00Z"} {
		require.Contains(t, page, begin)
	}
	require.NotContains(t, page, "2026-03-23")
	all, err := w.Store.Schedules(t.Context())
	require.NoError(t, err)
	missed := all[0].Through.AddDate(0, 0, 7)
	require.NoError(t, w.Store.TroubleSchedule(t.Context(), sc.ID, all[0].Through, "the pool is gone"))
	require.Contains(t, harmlessPage(t, b, "/admin/schedules"), "the pool is gone")
	require.NoError(t, w.Store.Miss(t.Context(), sc.ID, all[0].Through, missed, "nobody looked"))
	page = harmlessPage(t, b, "/admin/schedules")
	require.Contains(t, page, "nobody looked")
	require.NotContains(t, harmlessPage(t, w.as(t, allocator.Viewer), "/admin/schedules"), `id="end-`)
	res, _ := b.submit(t, "/admin/schedules/"+sc.ID+"/end", url.Values{"back": {"/admin/schedules"}})
	require.Equal(t, "/admin/schedules", res.Header.Get("Location"))
	require.Contains(t, harmlessPage(t, b, "/admin/schedules"), "There is no schedule")
}

func TestCostsAreToldByMonthDayAndWorkshop(t *testing.T) {
	w := newWorld(t)
	w.Rates, w.Budget = dollar{}, allocator.Budget{MonthlyUSD: 1000}
	b := w.staff(t)
	ws := evilWorkshop(t, w, 2)
	w.Time = w.Time.Add(30 * time.Hour)
	page := harmlessPage(t, b, "/admin/costs")
	for _, says := range []string{"March 2026", "$60.0", "of $1000.00", `class="budget"`, `class="bar"`, "a table", "100 %", "2026-03-02"} {
		require.Contains(t, page, says)
	}
	require.NotContains(t, page, "style=")
	require.Equal(t, 6+2, strings.Count(page, `class="bar"`), "six months, as nothing was spent before, and two days")
	require.Contains(t, harmlessPage(t, b, "/admin/costs?month=2026-02"), "No machine ran in this month")
	for _, bad := range []string{"x", "2026-13", evil} {
		res, body := b.open(t, "/admin/costs?month="+url.QueryEscape(bad))
		require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
		require.Contains(t, body, "That is no month")
	}
	res, body := b.open(t, "/admin/costs/file?month=2026-03")
	require.Equal(t, "attachment; filename=costs-2026-03.csv", res.Header.Get("Content-Disposition"))
	lines, err := csv.NewReader(strings.NewReader(body)).ReadAll()
	require.NoError(t, err)
	require.Len(t, lines, 3)
	require.Equal(t, []string{"2026-03-01", ws.ID, evil}, lines[1][:3])
	_, body = b.send(t, http.MethodGet, "/api/v1/costs/days?month=2026-03", nil)
	days := decode[api.Page[api.DayCost]](t, body).Items
	require.Len(t, days, 2)
	require.InDelta(t, 30, days[0].Workshops[ws.ID], 0.1, "from nine o'clock")
	res, body = b.send(t, http.MethodGet, "/api/v1/costs/days?month=x", nil)
	refused(t, api.Invalid, res, body)

	w.Rates = nil
	require.Contains(t, harmlessPage(t, b, "/admin/costs"), "Nobody knows the prices of 2 machines")
}

func TestAUsersTokensAreSeenAndRevokedByAnAdmin(t *testing.T) {
	w := newWorld(t)
	admin := w.staff(t)
	ann := w.as(t, allocator.Instructor)
	made := makeToken(t, ann, api.NewToken{Name: evil})
	require.Contains(t, harmlessPage(t, admin, "/admin/users"), `href="/admin/users/a-instructor"`)
	page := harmlessPage(t, admin, "/admin/users/a-instructor")
	require.Contains(t, page, made.ID)
	require.NotContains(t, page, made.Secret)
	require.Contains(t, harmlessPage(t, admin, "/admin/users/a-instructor/remove"), "1 token of theirs ends")
	res, _ := admin.submit(t, "/admin/users/a-instructor/revoke/"+made.ID, nil)
	require.Equal(t, "/admin/users/a-instructor", res.Header.Get("Location"))
	require.Contains(t, harmlessPage(t, admin, "/admin/users/a-instructor"), "They have none")
	res, body := w.browser(t).send(t, http.MethodGet, "/api/v1/workshops", nil, "Authorization", "Bearer "+made.Secret)
	refused(t, api.Unauthorized, res, body)
	res, _ = admin.submit(t, "/admin/users/a-instructor/revoke/"+made.ID, nil)
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	res, _ = ann.open(t, "/admin/users/a-instructor")
	require.Equal(t, http.StatusForbidden, res.StatusCode)
}

func TestTheAuditIsFilteredAndIsAFile(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	for i, action := range []string{"open workshop", "end workshop", "open workshop"} {
		e := allocator.Event{At: w.Time.AddDate(0, 0, i), Actor: "=ann", Action: action, Subject: "wks_1", Detail: evil}
		require.NoError(t, w.Store.Record(t.Context(), e))
	}
	lines := func(query string) [][]string {
		t.Helper()
		res, body := b.open(t, "/admin/audit/file?"+query)
		require.Equal(t, "attachment; filename=audit.csv", res.Header.Get("Content-Disposition"), body)
		all, err := csv.NewReader(strings.NewReader(body)).ReadAll()
		require.NoError(t, err)
		page := harmlessPage(t, b, "/admin/audit?"+query)
		require.Equal(t, len(all)-1, strings.Count(page, `<a href="/admin/audit?subject=`), query)
		return all[1:]
	}
	require.Len(t, lines("subject=wks_1"), 3)
	require.Equal(t, "'=ann", lines("subject=wks_1")[0][1], "it is no formula")
	require.Len(t, lines("subject=wks_1&action=open"), 2)
	require.Len(t, lines("subject=wks_1&from=2026-03-02&zone=UTC"), 2)
	require.Len(t, lines("subject=wks_1&from=2026-03-02&to=2026-03-02&zone=UTC"), 1, "that day too")
	require.Empty(t, lines("subject=wks_1&to=2026-02-28&zone=UTC"))
	require.Len(t, lines("subject=wks_1&to=2026-02-28&zone=Pacific%2FPago_Pago"), 1, "by the clock of who looks")
	for query, says := range map[string]string{"from=x": "That is no day", "zone=Nowhere": "There is no such time zone"} {
		res, body := b.open(t, "/admin/audit?"+query)
		require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
		require.Contains(t, body, says)
	}
	_, body := b.send(t, http.MethodGet, "/api/v1/events?subject=wks_1&since=2026-03-02T00:00:00Z&until=2026-03-03T00:00:00Z", nil)
	require.Equal(t, []string{"end workshop"}, actions(t, body))
}

func TestHealthIsToldInWordsAndSinceWhen(t *testing.T) {
	leads := true
	w := newWorld(t, func(c *web.Config) {
		c.Facts = func(context.Context) web.Facts {
			return web.Facts{Started: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC), Engine: "sqlite", Memory: 50 << 20, Goroutines: 42, Leads: &leads, Self: "me",
				BackedUp: time.Date(2026, 2, 2, 0, 0, 0, 0, time.UTC), CertificateEnds: time.Date(2026, 5, 1, 0, 0, 0, 0, time.UTC), Jobs: map[string]int{"available": 3}}
		}
	})
	require.NoError(t, w.Store.Beat(t.Context(), allocator.Peer{ID: "me", Address: "10.0.0.1:8443", Release: "other"}, time.Minute))
	ws := w.ReadyWorkshop(t, 2)
	m := w.Machines(t, ws)[0]
	report := api.Report{Version: "v9", Health: api.Healthy, Readings: []api.Reading{}}
	res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/agents/"+m.AgentID+"/reports", report, "Authorization", "Bearer secret of "+m.InstanceID)
	require.Equal(t, http.StatusOK, res.StatusCode, body)
	w.rollout = api.Rollout{Failed: &api.FailedRelease{Release: "bad", Reason: evil, At: w.Time}}
	b := w.staff(t)
	began := w.Time
	page := harmlessPage(t, b, "/admin/health")
	for _, says := range []string{"2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "2026-05-01T00:00:00Z", "50.0 MiB, 42 things done at once", "10.0.0.1:8443", "leads", "another release", "3 wait for their turn", "SQLite", "0 machines are connected, of 2"} {
		require.Contains(t, page, says)
	}
	require.Contains(t, page, "<td>v9</td>")
	w.Time = w.Time.Add(time.Hour)
	require.Contains(t, harmlessPage(t, b, "/admin/health"), began.Format(time.RFC3339), "it is good since then")
	w.broken = errors.New("the disk is full " + evil)
	page = harmlessPage(t, b, "/admin/health")
	require.Contains(t, page, "Not ready")
	require.Contains(t, page, "the disk is full")
	require.Contains(t, page, w.Time.Format(time.RFC3339))
}

func TestSettingsAreShownAsDeployedWithoutSecrets(t *testing.T) {
	w := newWorld(t, func(c *web.Config) {
		c.Deployed = deployed.Settings{
			Deployment: "lab", Environment: "prod", Region: "us-west-2", AdminPasswordParameter: "/lablink/lab/prod/secret/admin-password",
			Database: deployed.Database{Engine: "postgres", SecretARN: "arn:of-a-secret"}, OIDC: deployed.OIDC{Issuer: "https://idp.example.org", SecretParameter: "/oidc-secret", Admins: []string{"@example.org"}},
			TLS:   deployed.TLS{Mode: "cloudflare", Domain: "lab.example.org", Certificate: "-----BEGIN", KeyParameter: "/origin-key"},
			Pools: []deployed.Pool{{Name: "gpu", InstanceTypes: []string{"g5.xlarge"}, Market: "spot", Startup: deployed.Startup{Script: "echo " + evil}}},
		}
	})
	page := harmlessPage(t, w.staff(t), "/admin/settings")
	for _, says := range []string{"lablink:deployment", "prod", "lab.example.org", "https://idp.example.org", "@example.org", "Pool gpu", "lablink:pools[].startup.script", "left out"} {
		require.Contains(t, page, says)
	}
	for _, secret := range []string{"admin-password", "arn:of-a-secret", "oidc-secret", "BEGIN", "origin-key"} {
		require.NotContains(t, page, secret)
	}
	res, _ := w.as(t, allocator.Instructor).open(t, "/admin/settings")
	require.Equal(t, http.StatusForbidden, res.StatusCode)
}

func TestAfterALogInOneComesToWhereOneWanted(t *testing.T) {
	w := newWorld(t)
	b := w.browser(t)
	res, _ := b.open(t, "/admin/machines?state=ready&q=a%26b")
	login := res.Header.Get("Location")
	require.Equal(t, "/admin/machines?state=ready&q=a%26b", mustQuery(t, login).Get("next"))
	res, _ = b.submit(t, login, url.Values{"user": {"admin"}, "password": {password}})
	to, err := url.Parse(res.Header.Get("Location"))
	require.NoError(t, err)
	require.Equal(t, []string{"/admin/machines", "ready", "a&b"}, []string{to.Path, to.Query().Get("state"), to.Query().Get("q")})

	for from, next := range map[string]string{
		w.url + "/admin/machines/mch_x?q=1": "/admin/machines/mch_x?q=1", w.url + "/admin/login?next=x": "", "https://evil.example/admin/x": "", "": "", w.url + "/seat": "",
	} {
		res, _ := w.browser(t).send(t, http.MethodPost, "/admin/machines/x/reboot", "", "Referer", from, "Accept", "text/html")
		require.Equal(t, next, mustQuery(t, res.Header.Get("Location")).Get("next"), from)
	}
}

func mustQuery(t *testing.T, address string) url.Values {
	t.Helper()
	u, err := url.Parse(address)
	require.NoError(t, err)
	return u.Query()
}
