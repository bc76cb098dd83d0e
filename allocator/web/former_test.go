package web_test

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// Who comes back after the end is told what is left of their work and whom to ask, and not
// which account of the staff ended it.
func TestAfterTheEndAPageSaysWhatBecameOfTheWork(t *testing.T) {
	const kept, lost = "The files that this workshop collects go to your instructor", "Nothing was collected from your machine"
	for name, collects := range map[string]bool{"of a workshop that collects": true, "of one that does not": false} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			want, not := lost, kept
			if collects {
				w.Pools[0].Collect = []string{"results/**"}
				want, not = kept, lost
			}
			ws := w.ReadyWorkshop(t, 1)
			ann, bob := w.browser(t), w.browser(t)
			join(t, ann, ws, "ann@example.org")
			join(t, bob, ws, "bob@example.org") // who waits
			_, err := w.EndWorkshop(t.Context(), "ines", ws.ID)
			require.NoError(t, err)
			bodies := map[*browser]string{}
			for _, b := range []*browser{ann, bob} {
				res, body := b.open(t, "/seat")
				require.Equal(t, http.StatusNotFound, res.StatusCode)
				says(t, body, "The workshop has ended", "Ask your instructor whether there is another workshop.")
				require.NotContains(t, body, "ines")
				require.NotContains(t, body, "Open the link")
				require.NotContains(t, body, not)
				bodies[b] = body
			}
			says(t, bodies[ann], want)
			require.NotContains(t, bodies[bob], want, "who waited has made nothing")
		})
	}
}

func TestASeatThatStaffTookAwayIsToldWithoutTheirName(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	b := w.browser(t)
	join(t, b, ws, "ann@example.org")
	seats, err := w.Store.Seats(t.Context(), ws.ID)
	require.NoError(t, err)
	require.NoError(t, w.ReleaseSeat(t.Context(), "ines", seats[0].ID))
	_, body := b.open(t, "/seat")
	says(t, body, "your instructor gave it back", "Open the link", `<a href="/join/`+ws.JoinCode+`" target="_top">Join again</a>`)
	require.NotContains(t, body, "ines")
}

func TestWhatStaffDidToAMachineIsToldWithoutTheirName(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	b := w.browser(t)
	join(t, b, ws, "ann@example.org")
	_, err := w.TerminateMachine(t.Context(), "ines", w.Machines(t, ws)[0].ID)
	require.NoError(t, err)
	_, body := b.send(t, http.MethodGet, "/api/v1/seats/current", nil)
	require.Equal(t, "it was ended by your instructor", decode[api.Seat](t, body).Note)
	_, body = w.staff(t).send(t, http.MethodGet, "/api/v1/seats?workshop="+ws.ID, nil)
	require.Contains(t, body, "it was ended by ines", "staff reads who it was")
}

// Staff goes on to the workshops, and a participant who was refused something to their seat.
func TestWhatDidNotWorkLeadsBackToWhereOneWas(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 1)
	staff, room := w.staff(t), "/admin/workshops/"+ws.ID
	_, body := staff.open(t, "/admin/workshops/none")
	require.Contains(t, body, `<a href="/admin" target="_top">Go to the workshops</a>`)
	require.NotContains(t, body, "Start again")
	res, body := staff.submit(t, room+"/ends", url.Values{"ends_at": {"2020-01-01T10:00"}, "zone": {"UTC"}})
	require.Equal(t, http.StatusUnprocessableEntity, res.StatusCode, body)
	says(t, body, `<a href="`+room+`" target="_top">Back to the workshop</a>`, `<time datetime="2020-01-01T10:00:00Z">`)

	b := w.browser(t)
	join(t, b, ws, "ann@example.org")
	seat := seatOf(t, b)
	res, body = b.submit(t, "/seat/extend", seat)
	require.Equal(t, http.StatusConflict, res.StatusCode, body)
	says(t, body, `<a href="/seat?seat=`+seat.Get("seat")+`" target="_top">Go to your seat</a>`)
}
