package web_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/api"
)

// evil is a name that would do harm where it is not escaped.
const evil = `"><script>alert(1)</script>{{.}}`

// evilWorkshop is a workshop of such a name, whose machines are ready and held.
func evilWorkshop(t *testing.T, w *world, seats int) allocator.Workshop {
	t.Helper()
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: evil, Pool: "gpu", Seats: seats})
	require.NoError(t, err)
	w.settle(t)
	_, err = w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	return ws
}

// harmlessPage opens a page and requires that nothing on it was taken for more than text.
func harmlessPage(t *testing.T, b *browser, path string) string {
	t.Helper()
	res, body := b.open(t, path)
	require.Equal(t, http.StatusOK, res.StatusCode, "%s: %s", path, body)
	require.NotContains(t, body, "<script>alert", path)
	require.NotContains(t, body, "no value", path)
	return body
}

// The pages of who keeps the deployment are there when nothing else is.
func TestThePagesOfAnAdminAreThereForAnEmptyDeployment(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	for path, says := range map[string]string{
		"/admin/machines": "There are no machines", "/admin/operations": "There was none yet", "/admin/pools": "Nothing, in the last day",
		"/admin/schedules": "There is no schedule", "/admin/costs": "No machine ran in this month", "/admin/users": "Add a user", "/admin/audit": "log in",
		"/admin/health": "Ready: it can do its work", "/admin/settings": "Pulumi.STACK.yaml", "/admin/account": "You have none",
	} {
		require.Contains(t, harmlessPage(t, b, path), says, path)
	}
}

func TestAllMachinesAreFoundByWhatIsAskedFor(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	ws := evilWorkshop(t, w, 2)
	other := w.ReadyWorkshop(t, 1)
	page := harmlessPage(t, b, "/admin/machines")
	require.Contains(t, page, "<strong>3</strong> machines")
	require.Contains(t, page, "ann@example.org")
	require.Contains(t, page, "&gt;&lt;script&gt;")
	shown := func(query string) int {
		t.Helper()
		return strings.Count(harmlessPage(t, b, "/admin/machines?"+query), `<tr id="row-`)
	}
	held := w.Machines(t, ws)[0]
	for query, want := range map[string]int{
		"": 3, "workshop=" + other.ID: 1, "state=assigned": 1, "state=ready": 2, "pool=gpu": 3, "pool=other": 0, "health=healthy": 3, "q=ANN%40example": 1,
		"q=" + held.ID: 1, "q=" + url.QueryEscape(evil): 0, "q=%25": 0, "ended": 3, "state=nonsense": 0,
	} {
		require.Equal(t, want, shown(query), query)
	}
	require.Contains(t, harmlessPage(t, b, "/admin/machines?pool=other"), "No machine is like that")
	gone := w.Machines(t, other)[0]
	_, err := w.TerminateMachine(t.Context(), "admin", gone.ID)
	require.NoError(t, err)
	w.RunAll(t)
	w.EC2.Finish()
	w.RunAll(t)
	require.NoError(t, w.Reconcile(t.Context()))
	require.NotContains(t, harmlessPage(t, b, "/admin/machines?state=ready"), gone.ID)
	require.Contains(t, harmlessPage(t, b, "/admin/machines?ended&workshop="+other.ID), gone.ID)
	res, body := b.open(t, "/admin/machines?before=nonsense")
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode)
	require.Contains(t, body, "That is no page of the list")
}

func TestTheMachinesPageKeepsItselfUpToDate(t *testing.T) {
	w := newWorld(t)
	b := w.staff(t)
	w.Open(t, 1)
	events := watched(t, b, "/admin/machines/live?state=booting")
	require.NotContains(t, event(t, events), "row-mch_")
	w.RunAll(t)
	until(t, events, "row-mch_") // the filter goes on
}

func TestAMachinesPageTellsWhatItIsNowAndWhatCanBeDone(t *testing.T) {
	w := newWorld(t)
	ws := evilWorkshop(t, w, 1)
	m := w.Machines(t, ws)[0]
	admin, viewer := w.staff(t), w.as(t, allocator.Viewer)
	page := harmlessPage(t, admin, "/admin/machines/"+m.ID)
	require.Contains(t, page, "It does not answer at the moment")
	require.Contains(t, page, "ann@example.org")
	for _, what := range []string{"reboot", "replace", "drain", "terminate"} {
		require.Contains(t, page, "/confirm/"+what)
	}
	require.Contains(t, page, "sse-connect=\"/admin/machines/"+m.ID+"/log/live?")
	seen := harmlessPage(t, viewer, "/admin/machines/"+m.ID)
	require.NotContains(t, seen, "/confirm/")
	require.NotContains(t, seen, "/log/live")
}

// oneRate is what every machine costs an hour.
type oneRate float64

func (r oneRate) Hourly(string, string, bool) (allocator.Rate, bool) {
	return allocator.Rate{USD: float64(r), From: "a list"}, r > 0
}

func TestAMachineTellsWhatItCosts(t *testing.T) {
	w := newWorld(t)
	w.Rates = oneRate(2)
	ends := w.Time.Add(4 * time.Hour)
	ws, err := w.OpenWorkshop(t.Context(), "admin", api.NewWorkshop{Name: "Pose", Pool: "gpu", Seats: 1, EndsAt: &ends})
	require.NoError(t, err)
	b := w.staff(t)
	m := w.Machines(t, ws)[0]
	listed := func() *api.MachineCost {
		_, body := b.send(t, http.MethodGet, "/api/v1/machines?ended=true", nil)
		return decode[api.Page[api.Machine]](t, body).Items[0].Cost
	}
	require.Nil(t, listed(), "it was not launched yet")
	require.NotContains(t, harmlessPage(t, b, "/admin/machines/"+m.ID), "machine-cost")
	w.RunAll(t)
	w.Time = w.Time.Add(time.Hour)
	require.Equal(t, &api.MachineCost{SoFar: 2, Hourly: 2, AtEnd: new(8.0), From: "a list"}, listed())
	says(t, harmlessPage(t, b, "/admin/machines/"+m.ID), "$2.00 an hour", "$2.00 so far", "about $8.00 at the end of its workshop", "a list. With its disk")
	w.Rates = oneRate(0)
	require.Nil(t, listed())
	says(t, harmlessPage(t, b, "/admin/machines/"+m.ID), "Nobody knows what it costs.")
	w.Rates = oneRate(2)
	_, err = w.TerminateMachine(t.Context(), "admin", m.ID)
	require.NoError(t, err)
	w.RunAll(t)
	w.EC2.Set(allocator.InstanceGone, w.EC2.All[0].ID)
	w.Queued, err = w.Store.Unfinished(t.Context())
	require.NoError(t, err)
	w.RunAll(t)
	require.Zero(t, listed().Hourly)
	ended := harmlessPage(t, b, "/admin/machines/"+m.ID)
	says(t, ended, " so far")
	require.NotContains(t, ended, "an hour")
	require.NotContains(t, ended, "at the end of its workshop")
}

// How machines and operations are stands on the pages in words, also where an agent says
// what nobody has words for.
func TestHowMachinesAreIsSaidInWords(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	b := w.staff(t)
	m := w.Machines(t, ws)[0]
	page := harmlessPage(t, b, "/admin/machines")
	says(t, page, `<span class="state booting">Starting</span>`, `<option value="assigned">In use</option>`, `<option value="degraded">Works with limits</option>`)
	for _, path := range []string{"/admin/machines", "/admin/machines/" + m.ID, "/admin/machines/" + m.ID + "/confirm/terminate", "/admin/operations"} {
		require.NotRegexp(t, `class="state [a-z]+">[a-z]`+`+(ed|ing|y)</span>`, harmlessPage(t, b, path), path)
	}
	says(t, harmlessPage(t, b, "/admin/operations"), `<span class="state running">going on</span>`)
	given, err := w.Register(t.Context(), allocatortest.Registration(m.InstanceID, "client-gpu", "a signature"))
	require.NoError(t, err)
	_, err = w.Report(t.Context(), allocator.Agent{ID: given.AgentID, MachineID: m.ID}, api.Report{
		Protocol: api.Protocol, BootID: "b", Health: api.Healthy, Setup: &api.SetupStatus{State: "ripening", Step: "image"},
	})
	require.NoError(t, err)
	says(t, harmlessPage(t, b, "/admin/machines/"+m.ID), `<span class="state healthy">Well</span>`, `<span class="state ripening">ripening</span> image`)
}

func TestAMachinesPageShowsItsGPUsAsTheyAreNow(t *testing.T) {
	w := newWorld(t)
	ws, _ := w.Open(t, 1)
	w.RunAll(t)
	m := w.Machines(t, ws)[0]
	r := allocatortest.Registration(m.InstanceID, "client-gpu", "a signature")
	r.Inventory.GPUs = []api.GPU{{UUID: "GPU-1", Model: "A10G " + evil, Memory: 24 << 30}, {UUID: "GPU-2", Model: "T4", Memory: 16 << 30}}
	_, err := w.Register(t.Context(), r)
	require.NoError(t, err)
	used, free, total, load := uint64(6<<30), uint64(40<<30), uint64(100<<30), 1.5
	busy := uint32(37)
	w.Agents.Connect(m)
	w.Agents.Change(func() { w.Agents.Host = &api.Host{DiskFree: &free, DiskTotal: &total, Load: &load, CPUs: 4} })
	w.Agents.Change(func() { w.Agents.Readings = []api.Reading{{UUID: "GPU-1", Utilisation: &busy, MemoryUsed: &used}} })
	page := harmlessPage(t, w.staff(t), "/admin/machines/"+m.ID)
	require.Contains(t, page, "disk: 40.0 of 100.0 GiB free")
	require.Contains(t, page, "37 %")
	require.Contains(t, page, `value="25" aria-label="Memory used"`)
	require.Equal(t, 1, strings.Count(page, "It tells nothing of itself"), "the other one")
}

func TestNothingIsDoneToAMachineBeforeItIsSaidWhatIsLost(t *testing.T) {
	w := newWorld(t)
	ws := evilWorkshop(t, w, 1)
	m := w.Machines(t, ws)[0]
	b := w.staff(t)
	confirm := "/admin/machines/" + m.ID + "/confirm/"
	for what, says := range map[string]string{
		"reboot": "starts again", "replace": "keeps it until the other machine is ready", "drain": "This workshop collects nothing", "terminate": "is lost, at once",
	} {
		page := harmlessPage(t, b, confirm+what)
		require.Contains(t, page, says)
		require.Contains(t, page, "ann@example.org")
		require.Contains(t, page, `action="/admin/machines/`+m.ID+"/"+what+`"`)
	}
	res, _ := b.open(t, confirm+"nonsense")
	require.Equal(t, http.StatusNotFound, res.StatusCode)
	back := "/admin/machines/" + m.ID
	res, _ = b.submit(t, back+"/drain", url.Values{"back": {back}})
	require.Equal(t, back, res.Header.Get("Location"))
	res, body := b.open(t, confirm+"drain")
	require.Equal(t, http.StatusConflict, res.StatusCode)
	require.Contains(t, body, "That cannot be done to the machine now")
	res, _ = b.submit(t, back+"/terminate", url.Values{"back": {"https://evil.example"}})
	require.Equal(t, http.StatusConflict, res.StatusCode)
}

// logs sends lines to a machine's log, as its agent does.
func (w *world) logs(t *testing.T, m allocator.Machine, number int64, lines ...api.LogLine) {
	t.Helper()
	res, body := w.browser(t).send(t, http.MethodPost, "/api/v1/agents/"+m.AgentID+"/logs", api.LogBatch{Run: "run", Number: number, Lines: lines}, "Authorization", "Bearer secret of "+m.InstanceID)
	require.Equal(t, http.StatusNoContent, res.StatusCode, body)
}

func TestAMachinesLogIsFilteredFollowedAndDownloaded(t *testing.T) {
	w := newWorld(t)
	m := w.Machines(t, w.ReadyWorkshop(t, 1))[0]
	b := w.staff(t)
	line := func(level, text string, ago time.Duration) api.LogLine {
		return api.LogLine{At: w.Time.Add(-ago), Level: level, Source: "agent", Text: text}
	}
	w.logs(t, m, 1, line("info", "an hour "+evil, 61*time.Minute), line("error", "XID 79", time.Minute), line("warn", "hot", time.Minute), line("info", "well", 0))
	path := "/admin/machines/" + m.ID
	for query, want := range map[string][]string{
		"": {"an hour", "XID 79", "hot", "well"}, "errors": {"XID 79", "hot"}, "since=1h": {"XID 79", "hot", "well"}, "q=xid": {"XID 79"}, "q=AGENT": {"an hour", "well"},
		"since=15m&errors&q=hot": {"hot"}, "since=nonsense": {"an hour"},
	} {
		page, file := harmlessPage(t, b, path+"?"+query), bodyOf(t, b, path+"/log?download&"+query)
		for _, text := range want {
			require.Contains(t, page, "agent: "+text, query)
			require.Contains(t, file, "agent: "+text, query)
		}
		require.Equal(t, strings.Contains(file, "an hour"), strings.Contains(page, "an hour"), query)
	}
	require.NotContains(t, bodyOf(t, b, path+"/log?errors"), "well")
	res, _ := b.open(t, path+"/log?download")
	require.Equal(t, "attachment; filename="+m.ID+".log", res.Header.Get("Content-Disposition"))

	events := watched(t, b, path+"/log/live?errors&after=0")
	first := event(t, events)
	require.Contains(t, first, "id: ")
	require.Contains(t, first, "XID 79")
	require.NotContains(t, first, "well")
	at := `<span class="at"><time datetime="` + w.Time.Add(-time.Minute).Format(time.RFC3339) + `" data-exactly>` // in the zone of whoever looks
	require.Contains(t, first, at)
	require.Contains(t, mustOpen(t, b, path), at)
	w.logs(t, m, 2, line("error", "<b>fell off the bus</b>", 0))
	next := event(t, events)
	require.Contains(t, next, "&lt;b&gt;fell off the bus")
	require.NotContains(t, next, "XID 79", "what is there is not sent again")
	again := watched(t, b, path+"/log/live?errors&after="+between(first, "id: ", "\n"))
	require.NotContains(t, event(t, again), "XID 79", "who comes back says what they have")
	b.submit(t, "/admin/logout", nil)
	require.Contains(t, event(t, events), "event: gone")
}
