package web

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/allocatortest"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
	"github.com/talmolab/lablink-infrastructure/api"
)

// mostLive is how many bytes a second may keep a page of 500 machines up to date, and
// thumbnails how many of these go to the small pictures that a screen of 4K shows at once:
// thirty, one every ten seconds each, of 8 KB (sim/system looks at the size of real ones).
const (
	mostLive   = 50_000
	thumbnails = 30 * 8_000 / 10
)

// dollar is what each machine costs an hour.
type dollar struct{}

func (dollar) Hourly(string, string, bool) (allocator.Rate, bool) {
	return allocator.Rate{USD: 1, From: "a table"}, true
}

// Every machine is held and reports every ten seconds that its GPU does something else, and
// what its participant did; costs rise; and small pictures are shown.
func TestAPageOfFiveHundredMachinesStaysLiveOnALittle(t *testing.T) {
	w := allocatortest.New(t)
	w.Pools[0].MaxMachines, w.Rates, w.Agents.Desktop = 500, dollar{}, "vnc"
	agents := fiveHundred(t, w)
	ws, err := w.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	shown := true
	_, err = w.ChangeWorkshop(t.Context(), "admin", ws[0].ID, api.WorkshopChange{Previews: &shown})
	require.NoError(t, err)
	for n := range agents {
		_, err := w.Claim(t.Context(), api.Claim{Code: ws[0].JoinCode, Email: fmt.Sprintf("participant-%03d@example.org", n)}, "")
		require.NoError(t, err)
	}
	w.Settled()
	machines, store := map[string]allocator.Machine{}, w.Store.(*sqlstore.Store)
	require.NoError(t, store.Beat(t.Context(), allocator.Peer{ID: "one"}, time.Hour))
	for _, m := range w.Machines(t, ws[0]) {
		require.NoError(t, store.Connect(t.Context(), m.ID, allocator.Tunnel{ID: m.ID, Holder: "one"}))
		require.NoError(t, w.Store.KeepPreviewsTold(t.Context(), m.SeatID))
		machines[m.ID] = m
	}
	s := &server{Config: Config{Service: w.Service, Guard: access.New(w.Store, w.Now), Sessions: store, Log: slog.New(slog.DiscardHandler)}}
	s.pages, err = newPages(time.Minute, assets{})
	require.NoError(t, err)
	says := func(second, i int) {
		m := machines[agents[i].MachineID]
		busy, used := uint32((second*7+i)%101), uint64(second*i)<<20
		seconds := 3600 + second + i
		_, err := w.Report(t.Context(), agents[i], api.Report{
			Version: "v1", BootID: "b", Health: api.Healthy, Readings: []api.Reading{{UUID: "GPU-1", Utilisation: &busy, MemoryUsed: &used}},
			Session: &api.SessionStatus{ID: m.Session(), IdleSeconds: new(second % 20), Desktop: "vnc"},
			Use:     &api.SessionUse{Session: m.Session(), Seconds: seconds, GPUActive: &seconds, GPUPeak: &busy, GPUMemory: &used, MemoryPeak: &used},
		})
		require.NoError(t, err)
	}
	w.Time = w.Time.Add(time.Minute) // which costs something
	for i := range agents {
		says(0, i)
	}
	r := httptest.NewRequest(http.MethodGet, "/admin/workshops/"+ws[0].ID, nil)
	r.SetPathValue("id", ws[0].ID)
	for name, page := range map[string]func() (string, error){
		"of all machines": func() (string, error) {
			data, err := s.machinesData(r)
			require.NoError(t, err)
			return s.fragment(r, "machines.html", "machines", data)
		},
		"of a room": func() (string, error) {
			data, err := s.workshopData(t.Context(), r)
			require.NoError(t, err)
			require.True(t, data.Cards[0].Picture)
			require.NotEmpty(t, data.Stats.Seats)
			require.NotZero(t, data.Cost.SoFar)
			return s.fragment(r, "workshop.html", "room", data)
		},
	} {
		rate := liveBytes(t, w, len(agents), says, page)
		t.Logf("the page %s takes %.1f KB a second", name, rate/1000)
		require.NotZero(t, rate)
		require.Less(t, rate+thumbnails, float64(mostLive), "bytes a second of the page %s", name)
	}
}

// liveBytes is how many bytes a second keep a page up to date, by the clock of its world.
func liveBytes(t *testing.T, w *allocatortest.World, machines int, says func(second, machine int), page func() (string, error)) float64 {
	t.Helper()
	const seconds = 60
	sent := httptest.NewRecorder()
	updates := newUpdates(sent, httptest.NewRequest(http.MethodGet, "/", nil), "page")
	html, err := page()
	require.NoError(t, err)
	require.NoError(t, updates.show(html))
	whole := sent.Body.Len()
	due := w.Time.Add(untilNext(len(html)))
	for second := range seconds {
		w.Time = w.Time.Add(time.Second)
		for i := second % 10; i < machines; i += 10 {
			says(second, i)
		}
		if w.Time.Before(due) {
			continue
		}
		html, err := page()
		require.NoError(t, err)
		require.NoError(t, updates.show(html))
		due = w.Time.Add(untilNext(len(html)))
	}
	return float64(sent.Body.Len()-whole) / seconds
}
