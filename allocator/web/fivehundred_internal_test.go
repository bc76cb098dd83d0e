package web

import (
	"context"
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

// Every machine reports every ten seconds that its GPU does something else, and what its
// participant did; costs rise; and small pictures are shown. Fifty people a second come until
// all seats are taken. Then somebody waits, somebody leaves and somebody's machine is ill, by
// turns.
func TestAPageOfFiveHundredMachinesStaysLiveOnALittle(t *testing.T) {
	t.Run("of all machines", func(t *testing.T) {
		h := newHall(t)
		h.staysLive(t, "machines", func(s *server, r *http.Request) string {
			data, err := s.machinesData(r)
			require.NoError(t, err)
			html, err := s.fragment(r, "machines.html", "machines", data)
			require.NoError(t, err)
			return html
		})
	})
	t.Run("of a room", func(t *testing.T) {
		h := newHall(t)
		var most workshopView
		h.staysLive(t, "room", func(s *server, r *http.Request) string {
			data, err := s.workshopData(t.Context(), r)
			require.NoError(t, err)
			if len(data.Queue) >= len(most.Queue) {
				most = data
			}
			html, err := s.fragment(r, "workshop.html", "room", data)
			require.NoError(t, err)
			return html
		})
		require.True(t, most.Cards[0].Picture)
		require.True(t, most.Full())
		require.Greater(t, len(most.Stats.Seats), 500)
		require.NotZero(t, most.Cost.SoFar)
	})
}

// hall is a workshop with 500 machines, and who comes and goes there.
type hall struct {
	*allocatortest.World
	workshop allocator.Workshop
	agents   []allocator.Agent
	machines map[string]allocator.Machine
	held     []string // what shows whose seats they are
	left     int      // how many of them were given back
}

func newHall(t *testing.T) *hall {
	t.Helper()
	h := &hall{World: allocatortest.New(t), machines: map[string]allocator.Machine{}}
	h.Pools[0].MaxMachines, h.Rates, h.Agents.Desktop = 500, dollar{}, "vnc"
	h.agents = fiveHundred(t, h.World)
	open, err := h.Store.OpenWorkshops(t.Context())
	require.NoError(t, err)
	h.workshop = open[0]
	_, err = h.ChangeWorkshop(t.Context(), "admin", h.workshop.ID, api.WorkshopChange{Previews: new(true)})
	require.NoError(t, err)
	store := h.Store.(*sqlstore.Store)
	require.NoError(t, store.Beat(t.Context(), allocator.Peer{ID: "one"}, time.Hour))
	for _, m := range h.Machines(t, h.workshop) {
		require.NoError(t, store.Connect(t.Context(), m.ID, allocator.Tunnel{ID: m.ID, Holder: "one"}))
	}
	h.look(t)
	return h
}

// look finds who has which machine.
func (h *hall) look(t *testing.T) {
	t.Helper()
	h.Settled()
	for _, m := range h.Machines(t, h.workshop) {
		if m.SeatID != h.machines[m.ID].SeatID && m.SeatID != "" {
			require.NoError(t, h.Store.KeepPreviewsTold(t.Context(), m.SeatID))
		}
		h.machines[m.ID] = m
	}
}

func (h *hall) join(t *testing.T, people int) {
	t.Helper()
	for range people {
		claimed, err := h.Claim(t.Context(), api.Claim{Code: h.workshop.JoinCode, Email: fmt.Sprintf("participant-%03d@example.org", len(h.held))}, "")
		require.NoError(t, err)
		h.held = append(h.held, claimed.Token)
	}
}

// goesOn is what happens in a second of a workshop.
func (h *hall) goesOn(t *testing.T, second int) {
	t.Helper()
	switch {
	case second < 10:
		h.join(t, 50)
	case second%10 == 2:
		h.join(t, 1)
	case second%10 == 7:
		require.NoError(t, h.Leave(t.Context(), h.held[h.left]))
		h.left++
		require.NoError(t, h.Reconcile(t.Context()))
	}
	h.look(t)
	for i := second % 10; i < len(h.agents); i += 10 {
		health := api.Healthy
		if i == second {
			health = api.Degraded
		}
		h.says(t, second, i, health)
	}
}

func (h *hall) says(t *testing.T, second, i int, health api.Health) {
	t.Helper()
	m := h.machines[h.agents[i].MachineID]
	busy, used := uint32((second*7+i)%101), uint64(second*i)<<20
	seconds := 3600 + second + i
	_, err := h.Report(t.Context(), h.agents[i], api.Report{
		Version: "v1", BootID: "b", Health: health, Readings: []api.Reading{{UUID: "GPU-1", Utilisation: &busy, MemoryUsed: &used}},
		Session: &api.SessionStatus{ID: m.Session(), IdleSeconds: new(second % 20), Desktop: "vnc"},
		Use:     &api.SessionUse{Session: m.Session(), Seconds: seconds, GPUActive: &seconds, GPUPeak: &busy, GPUMemory: &used, MemoryPeak: &used},
	})
	require.NoError(t, err)
}

// staysLive counts what keeps a page up to date, by the clock of its world, in each ten
// seconds of more than a minute: as browsers get it, and without packing, which may need more
// while everybody comes at once, and beside small pictures.
func (h *hall) staysLive(t *testing.T, part string, page func(*server, *http.Request) string) {
	t.Helper()
	s := &server{Config: Config{Service: h.Service, Guard: access.New(h.Store, h.Now), Sessions: h.Store.(*sqlstore.Store), Log: slog.New(slog.DiscardHandler)}}
	var err error
	s.pages, err = newPages(time.Minute, assets{})
	require.NoError(t, err)
	instructor := asked{Person: access.Person{Name: "ines", Role: allocator.Instructor}}
	r := httptest.NewRequestWithContext(context.WithValue(t.Context(), whoKey{}, instructor), http.MethodGet, "/admin/workshops/"+h.workshop.ID, nil)
	r.SetPathValue("id", h.workshop.ID)
	r.Header.Set("Accept-Encoding", "gzip")
	small, plain := httptest.NewRecorder(), httptest.NewRecorder()
	follows, reads := newUpdates(small, r, part), newUpdates(plain, r, part)
	show := func() (due time.Time) {
		html := page(s, r)
		require.NoError(t, follows.show(html))
		require.NoError(t, reads.show(html))
		return h.Time.Add(untilNext(len(html)))
	}
	follows.pack(r, func() {
		due := show()
		const seconds, counted = 80, 10
		was := []int{small.Body.Len(), plain.Body.Len()}
		for second := range seconds {
			h.Time = h.Time.Add(time.Second)
			h.goesOn(t, second)
			if !h.Time.Before(due) {
				due = show()
			}
			if second%counted != counted-1 {
				continue
			}
			packed, unpacked := float64(small.Body.Len()-was[0])/counted, float64(plain.Body.Len()-was[1])/counted
			t.Logf("until second %d the page takes %.1f KB a second, unpacked %.1f", second+1, packed/1000, unpacked/1000)
			require.Less(t, packed+thumbnails, float64(mostLive), "bytes a second until second %d", second+1)
			if second > counted*2 {
				require.Less(t, unpacked, float64(mostLive), "bytes a second, unpacked, until second %d", second+1)
			}
			was = []int{small.Body.Len(), plain.Body.Len()}
		}
	})
	require.Equal(t, "gzip", small.Header().Get("Content-Encoding"))
}
