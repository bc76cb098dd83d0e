package web

import (
	"context"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/allocator"
	"github.com/talmolab/lablink-infrastructure/allocator/access"
	"github.com/talmolab/lablink-infrastructure/allocator/sqlstore"
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
