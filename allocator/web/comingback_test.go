package web_test

import (
	"html"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/talmolab/lablink-infrastructure/api"
)

// sends fills the form of a page in that leads to an address, with what is hidden in it, and
// says where its answer leads.
func (b *browser) sends(t *testing.T, page, action string, more ...string) string {
	t.Helper()
	form := between(page, `action="`+action+`"`, "</form>")
	require.NotEmpty(t, form, "%s is not among what the page sends:\n%s", action, page)
	in := url.Values{}
	for _, hidden := range strings.Split(form, `type="hidden" name="`)[1:] {
		in.Set(hidden[:strings.Index(hidden, `"`)], html.UnescapeString(between(hidden, `value="`, `"`)))
	}
	for i := 0; i+1 < len(more); i += 2 {
		in.Set(more[i], more[i+1])
	}
	res, body := b.submit(t, action, in)
	require.Equal(t, http.StatusSeeOther, res.StatusCode, body)
	return res.Header.Get("Location")
}

// leads is the address of the link in a page that has an id.
func leads(t *testing.T, page, id string) string {
	t.Helper()
	to := html.UnescapeString(between(page, `id="`+id+`" href="`, `"`))
	require.NotEmpty(t, to, "%s is not in the page:\n%s", id, page)
	return to
}

func TestWhoDoesSomethingToAMachineComesBackToWhereTheyWere(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 4)
	staff, room, all := w.staff(t), "/admin/workshops/"+ws.ID+"?show=all&view=table", w.Machines(t, ws)
	for i, what := range []string{"reboot", "replace", "drain", "terminate"} {
		m := all[i]
		asks := mustOpen(t, staff, leads(t, mustOpen(t, staff, room), what+"-"+m.ID))
		require.Contains(t, asks, `<a href="`+html.EscapeString(room)+`">No, go back</a>`)
		to := staff.sends(t, asks, "/admin/machines/"+m.ID+"/"+what)
		require.Equal(t, "/admin/workshops/"+ws.ID+"?did="+what+"&show=all&to="+m.ID+"&view=table", to)
		told := between(mustOpen(t, staff, to), `id="did" role="status">`, "</p>")
		require.True(t, strings.HasPrefix(told, m.ID), told)
	}
	require.NotContains(t, mustOpen(t, staff, room+"&did=reboot&to=mch_x"), `id="did"`)
	require.NotContains(t, mustOpen(t, staff, room+"&did=nonsense&to="+all[0].ID), `id="did"`)

	other := w.ReadyWorkshop(t, 1)
	m := w.Machines(t, other)[0]
	page := "/admin/machines/" + m.ID
	require.NotContains(t, mustOpen(t, staff, room+"&did=reboot&to="+m.ID), `id="did"`, "of another workshop")
	require.Equal(t, page, staff.sends(t, mustOpen(t, staff, page+"/confirm/reboot"), page+"/reboot"))
	evil := mustOpen(t, staff, page+"/confirm/terminate?back="+url.QueryEscape("https://evil.example/admin/x"))
	require.Equal(t, "/admin", staff.sends(t, evil, page+"/terminate"))
}

func TestWhoDoesSomethingToASeatComesBackToTheRoomAsItWas(t *testing.T) {
	w := newWorld(t)
	ws := w.ReadyWorkshop(t, 2)
	_, err := w.ChangeWorkshop(t.Context(), "admin", ws.ID, api.WorkshopChange{SessionMinutes: new(60)})
	require.NoError(t, err)
	c, err := w.Claim(t.Context(), api.Claim{Code: ws.JoinCode, Email: "ann@example.org"}, "")
	require.NoError(t, err)
	w.Time = w.Time.Add(time.Minute)
	seat, staff, room := "/admin/seats/"+c.Seat.ID, w.staff(t), "/admin/workshops/"+ws.ID+"?show=all&view=table"
	require.Equal(t, room, staff.sends(t, mustOpen(t, staff, room), seat+"/message", "text", "Hello"))
	require.Equal(t, room, staff.sends(t, mustOpen(t, staff, room), seat+"/extend", "minutes", "15"))
	for _, what := range []string{"move", "release"} {
		asks := mustOpen(t, staff, leads(t, mustOpen(t, staff, room), what+"-"+c.Seat.ID))
		require.Contains(t, asks, `href="`+html.EscapeString(room)+`">`)
		require.Equal(t, room, staff.sends(t, asks, seat+"/"+what))
	}
}
